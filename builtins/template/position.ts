/** The variable `loop`. */
import type { Steps } from "../../interpreter/library/steps.ts";
import { Problem } from "./problem.ts";
import { type Arguments, Callable, equal, orUndefined, type TemplateValue } from "./values.ts";

/** Where a loop is: what its variable `loop` reads. */
export class Position {
  index = 0;
  readonly loop: TemplateValue;
  private last: TemplateValue[] | undefined = undefined;

  constructor(
    private readonly items: readonly TemplateValue[],
    private readonly depth: number,
    again: ((children: TemplateValue) => Steps<TemplateValue>) | undefined,
  ) {
    const cycle = new Callable("cycle", ({ positional }) => {
      if (positional.length === 0) throw new Problem("loop.cycle needs arguments");
      return positional[this.index % positional.length]!;
    });
    const changed = new Callable("changed", ({ positional }) => {
      const before = this.last;
      this.last = positional;
      return (
        before === undefined ||
        before.length !== positional.length ||
        !before.every((value, i) => equal(value, positional[i]!))
      );
    });
    const attributes = (name: string): TemplateValue | undefined => {
      const { index, items } = this;
      switch (name) {
        case "index":
          return index + 1;
        case "index0":
          return index;
        case "revindex":
          return items.length - index;
        case "revindex0":
          return items.length - index - 1;
        case "first":
          return index === 0;
        case "last":
          return index === items.length - 1;
        case "length":
          return items.length;
        case "depth":
          return this.depth;
        case "depth0":
          return this.depth - 1;
        case "previtem":
          return items[index - 1];
        case "nextitem":
          return items[index + 1];
        case "cycle":
          return cycle;
        case "changed":
          return changed;
      }
      return undefined;
    };
    const repeat = ({ positional }: Arguments) => {
      if (again === undefined) throw new Problem("the loop is not recursive (write 'recursive' behind it)");
      return again(orUndefined(positional[0], "the argument of loop"));
    };
    this.loop = new Callable("loop", repeat, attributes);
  }
}
