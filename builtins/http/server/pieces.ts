/** Byte strings put together from pieces of any size. */

/** Pieces that are joined into one: each costs some ten bytes beside its own, and there may be millions of them. */
const JOINED = 1024;

export class Pieces {
  private readonly whole: string[] = [];
  private recent: string[] = [];

  add(piece: string): void {
    this.recent.push(piece);
    if (this.recent.length === JOINED) this.join();
  }

  /** Everything added, as one string; there is nothing left then. */
  take(): string {
    this.join();
    const bytes = this.whole.length === 1 ? this.whole[0]! : this.whole.join("");
    this.whole.length = 0;
    return bytes;
  }

  private join(): void {
    if (this.recent.length === 0) return;
    this.whole.push(this.recent.length === 1 ? this.recent[0]! : this.recent.join(""));
    this.recent = [];
  }
}
