/** The completion scripts in the shells they are for, and the executable under the name of the standard command. */
import { afterAll, describe, expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { dirname } from "node:path";
import { assay, BINARY, cleanEnv } from "../support/binary.ts";
import { temporaryFolder } from "../support/folder.ts";

const folder = temporaryFolder({
  "script.lua": "print(arg[0], ...)\n",
  "checks.yaml": "",
  "notes.txt": "",
  "sub/x.lua": "",
  "with blank.lua": "",
});
afterAll(() => folder.remove());

function shell(command: string[], env: Record<string, string> = {}) {
  const path = `${dirname(BINARY)}:${process.env.PATH}`;
  const ran = Bun.spawnSync(command, { cwd: folder.path, env: { ...cleanEnv(env), PATH: path }, stderr: "pipe" });
  return { stdout: ran.stdout.toString(), stderr: ran.stderr.toString() };
}

describe.if(Bun.which("bash") !== null)("bash", () => {
  /** What is offered behind `assay WORD… LAST`. */
  function offered(...words: string[]): string[] {
    const script = `source <(assay completion bash)
COMP_WORDS=(assay ${words.map((word) => `'${word}'`).join(" ")}) COMP_CWORD=${words.length}
_assay; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = shell(["bash", "--norc", "--noprofile", "-c", script]);
    expect(stderr).toBe("");
    return stdout.trim().split("\n").sort();
  }

  test.each([
    [["val"], ["validate"]],
    [["--allow-r"], ["--allow-read"]],
    [["scr"], ["script.lua"]],
    [["ch"], ["checks.yaml"]],
    [["s"], ["schema", "script.lua", "sub"]],
    [["wi"], ["with blank.lua"]],
    [["no"], [""]],
  ])("%j", (words, wanted) => {
    expect(offered(...words)).toEqual(wanted);
  });
});

describe.if(Bun.which("zsh") !== null)("zsh", () => {
  test("takes the script", async () => {
    folder.write("functions/_assay", (await assay(["completion", "zsh"])).stdout);
    const script = `fpath=("$PWD/functions" $fpath); autoload -Uz compinit && compinit -u -D; autoload +X _assay && print $_comps[assay]`;
    const ran = shell(["zsh", "-f", "-c", script], { HOME: folder.path });
    expect(ran).toEqual({ stdout: "_assay\n", stderr: "" });
  });

  test("offers commands, options and files", async () => {
    folder.write("functions/_assay", (await assay(["completion", "zsh"])).stdout);
    // A terminal of zsh's own, in which the keys are pressed and what is shown is read.
    const script = `zmodload zsh/zpty
zpty z zsh -f -i
zpty -w z 'PS1=; fpath=($PWD/functions $fpath); autoload -Uz compinit && compinit -u -D; print READY'
local line; while zpty -r z line && [[ $line != *READY* || $line == *print* ]]; do :; done
zpty -w -n z $'assay val\\t'
local seen=""; repeat 40; do sleep 0.05; zpty -r -t z line && seen+=$line; [[ $seen == *validate* ]] && break; done
print -r -- $seen; zpty -d z`;
    expect(shell(["zsh", "-f", "-c", script], { HOME: folder.path, TERM: "dumb" }).stdout).toContain("assay validate");
  });
});

describe.if(Bun.which("fish") !== null)("fish", () => {
  function offered(line: string): string[] {
    const script = `assay completion fish | source; complete --do-complete '${line}'`;
    const { stdout, stderr } = shell(["fish", "--no-config", "-c", script], { HOME: folder.path });
    expect(stderr).toBe("");
    return stdout
      .trim()
      .split("\n")
      .map((row) => row.split("\t")[0]!);
  }

  test.each([
    ["assay val", ["validate"]],
    ["assay --allow-r", ["--allow-read"]],
    ["assay scr", ["script.lua"]],
  ])("%s", (line, wanted) => {
    expect(offered(line)).toEqual(expect.arrayContaining(wanted));
  });
});

describe("under the name lua", () => {
  symlinkSync(BINARY, folder.file("lua"));

  test("it is the standard command", () => {
    expect(shell(["./lua", "-e", "print(io ~= nil, http)"]).stdout).toBe("true\tnil\n");
    expect(shell(["./lua", "script.lua", "a"]).stdout).toBe("script.lua\ta\n");
    expect(shell(["./lua", "-v"]).stdout).toStartWith("Lua 5.5");
    expect(shell(["./lua", "exec"]).stderr).toContain("cannot open");
  });
});
