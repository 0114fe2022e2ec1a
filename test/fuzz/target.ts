/** What is fuzzed: one file a target in targets/, all of them listed in targets.ts. */
import type fc from "fast-check";

/** One thing that is given hostile input. An input is always a byte string: that is also what the corpus holds. */
export interface Target {
  readonly name: string;
  /** What it is about, for the list of targets. */
  readonly summary: string;
  /** Cases of the bounded run in the tests. */
  readonly cases: number;
  /** Milliseconds that one case may take at most: the deadline of what it runs, and a second. */
  readonly limitMs: number;
  /** Opens what all cases need: a virtual machine, a server, a folder. */
  open(): Promise<Session>;
}

export interface Session {
  /** Valid inputs, to be mutated. */
  readonly seeds: readonly string[];
  /** Words of the input's language, to be put in and to replace others. */
  readonly pieces: readonly string[];
  /** Inputs built from scratch, if there is a grammar for them. */
  readonly generated?: fc.Arbitrary<string>;
  /** Tries one input. Throws a Finding; otherwise says in a few words how it ended, to tell outcomes apart. */
  run(input: string): Promise<string>;
  close?(): Promise<void> | void;
}
