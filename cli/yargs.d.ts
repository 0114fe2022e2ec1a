/** The part of yargs that is used here; the package has no types of its own. */
declare module "yargs" {
  export interface Parser {
    help(enabled: false): this;
    version(enabled: false): this;
    exitProcess(enabled: false): this;
    fail(handler: false): this;
    parserConfiguration(configuration: Readonly<Record<string, boolean>>): this;
    scriptName(name: string): this;
    wrap(columns: number): this;
    usage(text: string): this;
    epilogue(text: string): this;
    command(form: string, summary: string): this;
    option(name: string, settings: Readonly<Record<string, unknown>>): this;
    getHelp(): Promise<string>;
    parse(): unknown;
  }
  export default function yargs(args: readonly string[]): Parser;
}
