/** The line editor, with a terminal that is a screen in memory. */
import { expect, test } from "bun:test";
import { type Ending, LineEditor, type Terminal } from "../../cli/lua/line-editor.ts";

/** Understands what the editor writes, and shows what a user would see. */
class Screen implements Terminal {
  private rows: string[][] = [[]];
  private row = 0;
  private column = 0;
  /** Given back by the editor when a line was complete. */
  left = "";
  rawChanges: boolean[] = [];

  constructor(
    private keys: string[],
    private readonly width = 20,
  ) {}

  async read(): Promise<string | undefined> {
    const key = this.keys.shift();
    return key === undefined ? undefined : Buffer.from(key, "utf8").toString("latin1");
  }
  unread(bytes: string): void {
    this.left += bytes;
  }
  setRaw(raw: boolean): void {
    this.rawChanges.push(raw);
  }
  columns(): number {
    return this.width;
  }
  write(text: string): void {
    for (const [, up, right, clear, home, character] of text.matchAll(
      /\x1b\[(\d+)A|\x1b\[(\d+)C|\x1b\[(J|2J)|\x1b\[(H)|(.)/gsu,
    )) {
      if (up !== undefined) this.row -= Number(up);
      else if (right !== undefined) this.column += Number(right);
      else if (clear === "2J") this.rows = [[]];
      else if (clear !== undefined) {
        this.rows.length = this.row + 1;
        this.rows[this.row]!.length = Math.min(this.rows[this.row]!.length, this.column);
      } else if (home !== undefined) this.row = this.column = 0;
      else if (character === "\r") this.column = 0;
      else if (character === "\n") this.next();
      else {
        if (this.column === this.width) {
          this.next();
          this.column = 0;
        }
        this.rows[this.row]![this.column++] = character as string;
      }
    }
  }
  private next(): void {
    this.row++;
    this.rows[this.row] ??= [];
    this.column = 0;
  }
  /** The rows. */
  shown(): string {
    return this.rows.map((row) => Array.from(row, (c) => c ?? " ").join("")).join("\n");
  }
}

function lineOf(ending: { line: string } | Ending): string {
  return typeof ending === "string" ? `<${ending}>` : ending.line;
}

const KEYS: readonly (readonly [what: string, keys: string[], line: string])[] = [
  ["characters", ["a", "b", "c", "\r"], "abc"],
  ["several at once", ["abc\r"], "abc"],
  ["multi-byte characters", ["ä€😀\r"], "ä€😀"],
  ["backspace", ["abc\x7f\x7fd\r"], "ad"],
  ["backspace of nothing", ["\x7f\x08x\r"], "x"],
  ["delete", ["abc\x1b[D\x1b[D\x1b[3~\r"], "ac"],
  ["Ctrl-D in a line deletes", ["abc\x01\x04\r"], "bc"],
  ["cursor keys", ["ac\x1b[Db\x1b[Cd\r"], "abcd"],
  ["cursor keys of the other mode", ["ac\x1bODb\x1bOCd\r"], "abcd"],
  ["home and end", ["bc\x1b[Ha\x1b[Fd\x01<\x05>\r"], "<abcd>"],
  ["to the start", ["abc def\x15x\r"], "x"],
  ["to the end, and back", ["abc\x02\x02\x0b\x19\x19\r"], "abcbc"],
  ["a word", ["one two\x17three\r"], "one three"],
  ["words", ["one two\x1bb\x1bbx\x1bfy\r"], "xoney two"],
  ["word to the right", ["one two\x01\x1bd\r"], " two"],
  ["tab", ["a\tb\r"], "a  b"],
  ["unknown keys", ["a\x1b[17~\x1b[1;2P\x00b\r"], "ab"],
  ["a sequence in pieces", ["ab", "\x1b", "[", "D", "c\r"], "acb"],
  ["Ctrl-C", ["abc\x03"], "<interrupted>"],
  ["Ctrl-D", ["\x04"], "<end>"],
  ["end of input", ["abc"], "<end>"],
];

for (const [what, keys, line] of KEYS) {
  test(what, async () => {
    const screen = new Screen(keys);
    expect(lineOf(await new LineEditor(screen).readLine("> "))).toBe(line);
    expect(screen.rawChanges).toEqual([true, false]);
  });
}

test("history", async () => {
  const screen = new Screen([
    "\x1b[A\r", // nothing there
    "\x1b[A\x1b[A!\r",
    "new\x10\x10\x0e\x0e\r", // up, up, down, down: what was being typed
    "\x1b[A\r",
  ]);
  const editor = new LineEditor(screen);
  expect(lineOf(await editor.readLine("> "))).toBe("");
  for (const line of ["first", "second\nline", "second\nline", ""]) editor.remember(line);
  expect(lineOf(await editor.readLine("> "))).toBe("first!");
  expect(lineOf(await editor.readLine("> "))).toBe("new");
  expect(lineOf(await editor.readLine("> "))).toBe("second line");
});

test("what is typed ahead is left for whoever reads next", async () => {
  const screen = new Screen(["one\rtwo\n"]);
  await new LineEditor(screen).readLine("> ");
  expect(screen.left).toBe("two\n");
});

test("long lines go over several rows", async () => {
  const line = "0123456789abcdefghijklmnopqrstuvwxy";
  const screen = new Screen([line, "\x01<\x05>\r"], 10);
  expect(lineOf(await new LineEditor(screen).readLine("> "))).toBe(`<${line}>`);
  expect(screen.shown()).toBe("> <0123456\n789abcdefg\nhijklmnopq\nrstuvwxy>\n");
});
