/** Writes docs/assay.1, the manual page, from the declarations that `assay --help` is made of: `bun scripts/manpage.ts`. */
import { join } from "node:path";
import { CHECK_OPTIONS, GENERAL_OPTIONS, type Option, SCRIPT_OPTIONS } from "../cli/options.ts";
import { COMMAND_FORMS, STATUSES } from "../cli/usage.ts";
import { version } from "../package.json";

export const MANPAGE = join(import.meta.dir, "..", "docs", "assay.1");

/** Variables that Assay itself reads. */
const VARIABLES: readonly (readonly [name: string, meaning: string])[] = [
  ["ASSAY_LOG", "the log level, where --log-level is not given"],
  ["ASSAY_PATH", "folders where require looks for modules, separated by colons"],
  ["ASSAY_PERMISSIONS", "restrictions in the words of the command line, such as --deny-write --allow-net=api:443"],
  ["ASSAY_SHARDS", "how many shards an Indexed Job has; JOB_COMPLETION_INDEX tells the pod which of them is its"],
  ["HTTP_PROXY, HTTPS_PROXY, NO_PROXY", "proxies for requests, and what to reach without them"],
  ["NO_COLOR, FORCE_COLOR", "no colours, or colours also where standard output is no terminal"],
  ["SSL_CERT_FILE", "a PEM file of certification authorities to trust instead of the built-in ones"],
  ["TRACEPARENT", "a trace context that requests pass on"],
  ["TZ", "the time zone of os.date and os.time"],
];

/** The page in the macros of man(7). */
export function manpage(): string {
  return [
    `.\\" Written by scripts/manpage.ts from the declarations of the command line.`,
    `.TH ASSAY 1 "" "assay ${version}" "User Commands"`,
    ".SH NAME",
    "assay \\- run Lua 5.5 scripts and YAML checks",
    ".SH SYNOPSIS",
    ...COMMAND_FORMS.flatMap(({ form }, i) => [...(i === 0 ? [] : [".br"]), `.B assay\n${escaped(form)}`]),
    ".SH DESCRIPTION",
    paragraph(
      "assay is one executable for verification after a deployment, Kubernetes jobs and small web services. Scripts " +
        "have an HTTP client and server, SQL, JSON, YAML, tokens, templates, websockets and modules for the usual " +
        "cluster services built in, and run in a sandbox. Check files say what must hold, with retries and reports.",
    ),
    ".SH COMMANDS",
    ...COMMAND_FORMS.map(({ form, summary }) => item(`assay ${form}`, summary)),
    ".SH OPTIONS",
    paragraph(
      "Options stand before FILE; those for check files may stand behind it too. What stands behind a script is the script's.",
    ),
    ...group("General", GENERAL_OPTIONS),
    ...group("For scripts, and for scripts in checks", SCRIPT_OPTIONS),
    ...group("For check files", CHECK_OPTIONS),
    ".SH EXIT STATUS",
    ...STATUSES.map(([status, meaning]) => item(String(status), meaning)),
    ".SH ENVIRONMENT",
    ...VARIABLES.map(([name, meaning]) => item(name, meaning)),
    ".SH EXAMPLES",
    ...example("Run a script with two arguments:", "assay verify.lua staging eu"),
    ".PP",
    ...example("Run checks and keep a report:", "assay checks.yaml --output junit=report.xml"),
    ".PP",
    ...example(
      "Run code that may connect to one host only:",
      "assay exec --allow-net=api:443 -e 'print(http.get(\"https://api/\").status)'",
    ),
    ".SH SEE ALSO",
    paragraph("assay help NAME explains any builtin, module or function; assay modules lists the modules."),
    "",
  ].join("\n");
}

function group(title: string, options: readonly Option[]): string[] {
  return [
    `.SS ${escaped(title)}`,
    ...options.map((option) => {
      const names = [...(option.letter === undefined ? [] : [`-${option.letter}`]), `--${option.name}`].join(", ");
      const value = option.value === undefined ? "" : option.valueOptional ? `[=${option.value}]` : ` ${option.value}`;
      return item(names + value, option.summary);
    }),
  ];
}

/** A term in bold, and what it means. */
function item(term: string, meaning: string): string {
  return `.TP\n.B ${escaped(term)}\n${paragraph(meaning)}`;
}

function example(text: string, command: string): string[] {
  return [paragraph(text), ".PP", ".RS 4", ".nf", escaped(command), ".fi", ".RE"];
}

/** Lines of at most 78 characters; none can begin with what begins a request. */
function paragraph(text: string): string {
  const lines = escaped(text).match(/.{1,78}(?= |$)/g) ?? [];
  return lines.map((line) => line.trimStart().replace(/^(?=[.'])/, "\\&")).join("\n");
}

/** Text as roff takes it: no hyphen where a minus is typed, no escapes, and what ASCII lacks by name. */
function escaped(text: string): string {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll('"', "\\(dq")
    .replaceAll("…", "\\&...")
    .replace(
      /[^\x20-\x7e]/g,
      (character) => `\\[u${character.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
    );
}

if (import.meta.main) {
  await Bun.write(MANPAGE, manpage());
  console.log("docs/assay.1: written");
}
