/** `assay completion bash|zsh|fish`. */
import { writeText } from "../../builtins/output.ts";
import { ALL_OPTIONS, type Option } from "../options.ts";
import { Status, usageError } from "../status.ts";
import { COMMAND_FORMS } from "../usage.ts";

const SHELLS = { bash, zsh, fish } as const;

export async function completion(args: string[]): Promise<Status> {
  const [shell, more] = args;
  if (more !== undefined || shell === undefined || !Object.hasOwn(SHELLS, shell)) {
    throw usageError(
      `completion: expected bash, zsh or fish, got ${shell === undefined ? "nothing" : args.map((arg) => JSON.stringify(arg)).join(" ")}`,
    );
  }
  writeText(1, SHELLS[shell as keyof typeof SHELLS]());
  return Status.Ok;
}

/** The words that begin a command. */
function commands(): { name: string; summary: string }[] {
  return COMMAND_FORMS.filter(({ form }) => /^[a-z]+( |$)/.test(form)).map(({ form, summary }) => ({
    name: form.split(" ")[0]!,
    summary,
  }));
}

const FILES = "*.(lua|yaml|yml)";

function bash(): string {
  const words = [...commands().map(({ name }) => name), ...ALL_OPTIONS.map(({ name }) => `--${name}`)].join(" ");
  // Names may hold blanks, so only line ends separate.
  return `_assay() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words="${words}" IFS=$'\\n'
  COMPREPLY=($(compgen -W "\${words// /$'\\n'}" -- "$current") $(compgen -d -- "$current") $(compgen -f -- "$current" | grep -E '\\.(lua|ya?ml)$'))
}
complete -o filenames -F _assay assay
`;
}

function zsh(): string {
  const quote = (text: string) => text.replaceAll("'", "'\\''").replaceAll(":", "\\:");
  const option = ({ name, summary, value }: Option) =>
    `    '--${name}${value === undefined ? "" : "="}[${quote(summary).replaceAll("[", "\\[").replaceAll("]", "\\]")}]${value === undefined ? "" : `:${quote(value)}:`}'`;
  return `#compdef assay
_assay() {
  local -a commands
  commands=(
${commands()
  .map(({ name, summary }) => `    '${name}:${quote(summary)}'`)
  .join("\n")}
  )
  _arguments \\
${ALL_OPTIONS.map((one) => `${option(one)} \\`).join("\n")}
    '1: :{_describe command commands; _files -g "${FILES}"}' \\
    '*:file:_files'
}
_assay "$@"
`;
}

function fish(): string {
  const quote = (text: string) => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  const lines = commands().map(
    ({ name, summary }) => `complete -c assay -n __fish_use_subcommand -a ${name} -d ${quote(summary)}`,
  );
  for (const option of ALL_OPTIONS as readonly Option[]) {
    const letter = option.letter === undefined ? "" : ` -s ${option.letter}`;
    lines.push(
      `complete -c assay -l ${option.name}${letter}${option.value === undefined ? "" : " -r"} -d ${quote(option.summary)}`,
    );
  }
  return `${lines.join("\n")}\n`;
}
