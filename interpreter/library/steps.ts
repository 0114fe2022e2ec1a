/**
 * Native code written as a generator: for the rare paths that may wait at every access (tables with metamethods).
 * A step that has to wait yields; the record it leaves continues the generator with the results waited for. The hot
 * paths have state machines or plain loops of their own.
 */
import { Continuation } from "../call.ts";
import { suspend } from "../nodes/node.ts";
import { type Registers, state, TICKS } from "../state.ts";
import { first, type Results, SUSPENDED, type Suspended, type Value } from "../value.ts";

/** Yields nothing but the wish to wait; gets the results of what it waited for. */
export type Steps<T> = Generator<undefined, T, Results>;

class StepsContinuation extends Continuation {
  /** Errors of what it waits for come out of the generator's `yield`. */
  override get handlesErrors(): boolean {
    return true;
  }
  override handle(_R: Registers, _base: number, _stage: number, saved: unknown, error: unknown): unknown {
    const turn = (saved as Saved)[0].throw(error);
    return turn.done === true ? turn.value : suspend(STEPS, state.top, 0, saved);
  }
  override proceed(saved: unknown, value: Results): Results | Suspended {
    return advance(saved as Saved, value);
  }
}
const STEPS = new StepsContinuation();

/** The generator, then the Lua values it was given: whoever walks the records (the memory census) finds those. */
type Saved = [steps: Steps<Results>, ...values: Value[]];

/** Runs a generator to its end or to its first wait. `values` are the Lua values that it keeps alive. */
export function runSteps(steps: Steps<Results>, ...values: Value[]): Results | Suspended {
  return advance([steps, ...values], undefined);
}

function advance(saved: Saved, value: Results): Results | Suspended {
  const turn = saved[0].next(value);
  return turn.done === true ? turn.value : suspend(STEPS, state.top, 0, saved);
}

/** The first result of a call that may have to wait. */
export function* awaited(given: Results | Suspended): Steps<Value> {
  return first(given === SUSPENDED ? yield : given);
}

/** Counts one step of a long native loop against the deadline; raises what must be raised. */
export function tick(): void {
  if (--state.ticks < 0) {
    state.ticks = TICKS;
    state.vm.check();
  }
}
