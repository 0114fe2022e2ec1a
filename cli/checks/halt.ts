/**
 * Word that something must end: what AbortController and AbortSignal do, at a fraction of their cost. A run of thousands
 * of checks has one for each step, and all of those listen to the run's own.
 */
export class Halt {
  private readonly listeners = new Set<() => void>();
  private said: string | undefined;

  /** Whether the word has been given. */
  get given(): boolean {
    return this.said !== undefined;
  }

  /** Why, in words for the result. */
  get reason(): string {
    return this.said ?? "";
  }

  /** Gives the word; only the first time counts. */
  give(reason: string): void {
    if (this.said !== undefined) return;
    this.said = reason;
    const listeners = [...this.listeners];
    this.listeners.clear();
    for (const listener of listeners) listener();
  }

  /** Calls `listener` when the word is given, at once if it has been; the returned function withdraws that. */
  onGiven(listener: () => void): () => void {
    if (this.said !== undefined) {
      listener();
      return () => {};
    }
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
