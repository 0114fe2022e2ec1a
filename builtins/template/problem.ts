/** What is wrong with a template, or with what it does. */

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
