/** The parts of @iarna/toml's parser that toml-reader.ts builds on; the package declares only its entry points. */
declare module "@iarna/toml/lib/toml-parser.js" {
  /** What one rule of the grammar has read so far. */
  interface State {
    /** Characters consumed. */
    buf: string;
    resultTable: unknown;
    resultArr: unknown;
    /** What the rule called last gave. */
    returned: unknown;
  }
  /** A rule: looks at `char` and says where to go on. */
  type Rule = (returned?: never) => unknown;

  class TOMLParser {
    /** Code point under the reader; `END` behind the last. */
    char: number;
    /** Position of `char`, in UTF-16 units. */
    ii: number;
    state: State;
    stack: State[];
    _buf: string;
    parse(text: string): void;
    finish(): unknown;
    nextChar(): boolean;
    consume(): void;
    next(rule: Rule): undefined;
    goto(rule: Rule): unknown;
    call(rule: Rule, then?: Rule): undefined;
    callNow(rule: Rule, then?: Rule): unknown;
    return(value?: unknown): undefined;
    returnNow(value?: unknown): unknown;
    parseValue(): unknown;
    recordValue(value: unknown): unknown;
    parseTable(): unknown;
    parseTableNext(): unknown;
    parseTableMore(key: string): unknown;
    parseList(): unknown;
    parseListNext(): unknown;
    parseListMore(key: string): unknown;
    parseListEnd(): unknown;
    parseWhitespaceToEOL(): unknown;
    parseAssign(): unknown;
    recordAssignStatement(entry: { key: string[]; value: unknown }): unknown;
    parseInlineList(): unknown;
    parseInlineListNext(): unknown;
    recordInlineListValue(value: unknown): unknown;
    parseInlineTable(): unknown;
    parseInlineTableNext(): unknown;
    recordInlineTableValue(entry: { key: string[]; value: unknown }): unknown;
  }
  export default TOMLParser;
}
