/** One attempt at something that takes time: what may end it early, and who wants to know. */
import { after, type Timer } from "../timer.ts";
import { Failure, secondsText } from "./failure.ts";

export class Attempt {
  private readonly enders = new Set<(reason: Failure) => void>();
  private timer: Timer | undefined;
  /** Why it ended early. */
  ended: Failure | undefined = undefined;

  /** @param seconds after which it fails with `timed out`; Infinity for never */
  constructor(seconds: number) {
    if (seconds === Infinity) return;
    this.timer = after(seconds * 1000, () => this.end(new Failure(`timed out after ${secondsText(seconds)}`, "sent")));
  }

  /** Ends it early: everything under way is told. */
  end(reason: Failure): void {
    if (this.ended !== undefined) return;
    this.ended = reason;
    this.finish();
    const enders = [...this.enders];
    this.enders.clear();
    for (const ender of enders) ender(reason);
  }

  /** Calls `ender` if it ends early; the returned function withdraws that. Calls it at once if it has ended. */
  onEnd(ender: (reason: Failure) => void): () => void {
    if (this.ended !== undefined) {
      ender(this.ended);
      return () => {};
    }
    this.enders.add(ender);
    return () => this.enders.delete(ender);
  }

  /** It is over: the timer is no longer needed. */
  finish(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }

  check(): void {
    if (this.ended !== undefined) throw this.ended;
  }
}
