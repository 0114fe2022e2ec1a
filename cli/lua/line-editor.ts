/** Editing a line at a terminal: cursor keys, the usual control keys, and a history. */

/** The terminal as the editor needs it. */
export interface Terminal {
  /** Some bytes of input, as a byte string; undefined at its end. */
  read(): Promise<string | undefined>;
  /** Takes back bytes that belong to whoever reads next. */
  unread(bytes: string): void;
  write(text: string): void;
  /** Raw: each key arrives at once and is not shown. */
  setRaw(raw: boolean): void;
  columns(): number;
}

/** How a line ended other than by its text: at the end of the input, or by Ctrl-C. */
export type Ending = "end" | "interrupted";

const HISTORY_LINES = 1000;
const ESCAPE = "\x1b";

export class LineEditor {
  private readonly history: string[] = [];
  private prompt = "";
  /** The line under work, by characters. */
  private line: string[] = [];
  private cursor = 0;
  /** Row of the cursor below the prompt's first one, as last drawn. */
  private row = 0;
  /** Which line of the history is shown; its length for the one being typed. */
  private shown = 0;
  private typed = "";
  private cut = "";
  private input = "";

  constructor(private readonly terminal: Terminal) {}

  /** Adds a line (or several that belong together) to the history. */
  remember(line: string): void {
    if (line === "" || line === this.history[this.history.length - 1]) return;
    this.history.push(line);
    if (this.history.length > HISTORY_LINES) this.history.shift();
  }

  /** Lets the user edit one line. */
  async readLine(prompt: string): Promise<{ line: string } | Ending> {
    this.prompt = prompt;
    this.line = [];
    this.cursor = 0;
    this.row = 0;
    this.shown = this.history.length;
    this.typed = "";
    this.terminal.setRaw(true);
    try {
      this.draw();
      for (;;) {
        const key = await this.key();
        const ending = key === undefined ? "end" : this.press(key);
        if (ending === undefined) continue;
        this.cursor = this.line.length;
        this.draw();
        this.terminal.write(ending === "interrupted" ? "^C\n" : ending === "line" ? "\n" : "");
        return ending === "line" ? { line: this.line.join("") } : ending;
      }
    } finally {
      this.terminal.setRaw(false);
      this.terminal.unread(this.input);
      this.input = "";
    }
  }

  // --- keys -----------------------------------------------------------------------------------------------------------

  /** The next key: a character, or an escape sequence as a whole. */
  private async key(): Promise<string | undefined> {
    for (;;) {
      const length = keyLength(this.input);
      if (length > 0) {
        const bytes = this.input.slice(0, length);
        this.input = this.input.slice(length);
        return Buffer.from(bytes, "latin1").toString("utf8");
      }
      const more = await this.terminal.read();
      if (more === undefined) return undefined;
      this.input += more;
    }
  }

  /** What a key does; an ending when it ends the line. */
  private press(key: string): Ending | "line" | undefined {
    switch (key) {
      case "\r":
      case "\n":
        return "line";
      case "\x03":
        return "interrupted";
      case "\x04":
        if (this.line.length === 0) return "end";
        this.remove(this.cursor, this.cursor + 1);
        break;
      case "\x7f":
      case "\b":
        this.remove(this.cursor - 1, this.cursor);
        break;
      case "\x1b[3~":
        this.remove(this.cursor, this.cursor + 1);
        break;
      case "\x15":
        this.cutOut(0, this.cursor);
        break;
      case "\x0b":
        this.cutOut(this.cursor, this.line.length);
        break;
      case "\x17":
      case "\x1b\x7f":
        this.cutOut(this.wordBefore(), this.cursor);
        break;
      case "\x1bd":
        this.cutOut(this.cursor, this.wordAfter());
        break;
      case "\x19":
        this.insert(this.cut);
        break;
      case "\t":
        this.insert("  ");
        break;
      case "\x01":
      case "\x1b[H":
      case "\x1bOH":
      case "\x1b[1~":
        this.cursor = 0;
        break;
      case "\x05":
      case "\x1b[F":
      case "\x1bOF":
      case "\x1b[4~":
        this.cursor = this.line.length;
        break;
      case "\x02":
      case "\x1b[D":
      case "\x1bOD":
        this.cursor = Math.max(0, this.cursor - 1);
        break;
      case "\x06":
      case "\x1b[C":
      case "\x1bOC":
        this.cursor = Math.min(this.line.length, this.cursor + 1);
        break;
      case "\x1bb":
      case "\x1b[1;5D":
        this.cursor = this.wordBefore();
        break;
      case "\x1bf":
      case "\x1b[1;5C":
        this.cursor = this.wordAfter();
        break;
      case "\x10":
      case "\x1b[A":
      case "\x1bOA":
        this.recall(this.shown - 1);
        break;
      case "\x0e":
      case "\x1b[B":
      case "\x1bOB":
        this.recall(this.shown + 1);
        break;
      case "\x0c":
        this.terminal.write("\x1b[H\x1b[2J");
        this.row = 0;
        break;
      default:
        if (key.startsWith(ESCAPE) || key < " ") return undefined;
        this.insert(key);
        if (this.append(key)) return undefined;
    }
    this.draw();
    return undefined;
  }

  private insert(text: string): void {
    const characters = Array.from(text);
    this.line.splice(this.cursor, 0, ...characters);
    this.cursor += characters.length;
  }

  private remove(from: number, to: number): string {
    if (from < 0) return "";
    const removed = this.line.splice(from, to - from).join("");
    this.cursor = from;
    return removed;
  }

  private cutOut(from: number, to: number): void {
    const removed = this.remove(from, to);
    if (removed !== "") this.cut = removed;
  }

  private wordBefore(): number {
    let at = this.cursor;
    while (at > 0 && !isWord(this.line[at - 1]!)) at--;
    while (at > 0 && isWord(this.line[at - 1]!)) at--;
    return at;
  }

  private wordAfter(): number {
    let at = this.cursor;
    while (at < this.line.length && !isWord(this.line[at]!)) at++;
    while (at < this.line.length && isWord(this.line[at]!)) at++;
    return at;
  }

  private recall(index: number): void {
    if (index < 0 || index > this.history.length) return;
    if (this.shown === this.history.length) this.typed = this.line.join("");
    this.shown = index;
    // Lines that were typed as several come back as one.
    const text = index === this.history.length ? this.typed : this.history[index]!.replaceAll("\n", " ");
    this.line = Array.from(text);
    this.cursor = this.line.length;
  }

  // --- drawing --------------------------------------------------------------------------------------------------------

  /** Shows a character that was added at the end without drawing all anew, if that does. */
  private append(key: string): boolean {
    if (this.cursor < this.line.length) return false;
    const columns = Math.max(1, this.terminal.columns());
    if (Bun.stringWidth(this.prompt + this.line.join("")) % columns <= Bun.stringWidth(key)) return false;
    this.terminal.write(key);
    return true;
  }

  /** Draws the prompt and the line anew, over as many rows as they take. */
  private draw(): void {
    const columns = Math.max(1, this.terminal.columns());
    const text = this.prompt + this.line.join("");
    const before = Bun.stringWidth(this.prompt + this.line.slice(0, this.cursor).join(""));
    const width = Bun.stringWidth(text);
    let out = this.row > 0 ? `\x1b[${this.row}A` : "";
    out += `\r\x1b[J${text}`;
    // At the right edge the terminal waits with the new row until something is written there.
    if (width > 0 && width % columns === 0) out += "\n\r";
    const lastRow = Math.floor(width / columns);
    this.row = Math.floor(before / columns);
    if (lastRow > this.row) out += `\x1b[${lastRow - this.row}A`;
    const column = before % columns;
    out += column > 0 ? `\r\x1b[${column}C` : "\r";
    this.terminal.write(out);
  }
}

function isWord(character: string): boolean {
  return /[\p{L}\p{N}_]/u.test(character);
}

/** Bytes of the key at the start of the input; 0 when some are still missing. */
function keyLength(input: string): number {
  if (input === "") return 0;
  const first = input.charCodeAt(0);
  if (first === 0x1b) {
    if (input.length === 1) return 0;
    if (input[1] === "O") return input.length < 3 ? 0 : 3;
    if (input[1] !== "[") return 2;
    const sequence = /^\x1b\[[0-9;]*[@-~]/.exec(input);
    return sequence === null ? 0 : sequence[0].length;
  }
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return input.length >= length ? length : 0;
}
