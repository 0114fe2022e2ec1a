/** What is wrong with a template, or with what it does; and how much it does. */
import { state, TICKS } from "../../interpreter/state.ts";

/** Raised inside the template engine only; the function that renders makes a Lua error of it. */
export class Problem {
  /** Name of the template; undefined until it is known. */
  template: string | undefined = undefined;

  constructor(
    readonly message: string,
    /** Line from 1; 0 until it is known. */
    public line = 0,
  ) {}
}

/** Counts steps of work against the deadline: of a loop, of a list that is gone through. */
export function work(steps: number): void {
  state.ticks -= steps;
  if (state.ticks < 0) {
    state.ticks = TICKS;
    state.vm.check();
  }
}

/** The same for a text of so many characters, which the engine goes through fast. */
export function workOnText(characters: number): void {
  if (characters > 64) work(characters >> 6);
}
