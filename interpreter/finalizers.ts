/** Finalizers (manual §2.5.3): objects whose metatable had a `__gc` when it was set. */
import { Event, eventOf } from "./metatable.ts";
import type { LuaTable } from "./table.ts";
import type { Userdata, Value } from "./value.ts";

export class Finalizers {
  /** Marked for finalization, in the order of marking. */
  private marked: (LuaTable | Userdata)[] = [];
  /** Dead, their finalizers due: the last marked first. */
  private due: (LuaTable | Userdata)[] = [];
  /** Whether weak tables or finalizers exist, so that collections matter to the program. */
  isWanted = false;
  private isClosing = false;
  /** Whether finalizers are being called. */
  running = false;

  /** Notes that an object got a metatable. */
  note(object: LuaTable | Userdata, metatable: LuaTable): void {
    if (eventOf(metatable, Event.Mode) !== undefined) this.isWanted = true;
    // What finalizers make while the machine is being closed is not finalized any more.
    if (this.isClosing || eventOf(metatable, Event.Gc) === undefined) return;
    this.isWanted = true;
    // Setting the same metatable again does not mark it twice; a search from the end finds the common case fast.
    for (let i = this.marked.length - 1; i >= 0 && i > this.marked.length - 8; i--)
      if (this.marked[i] === object) return;
    this.marked.push(object);
  }

  /** Takes the marked objects that are dead: their finalizers are due now. */
  takeDead(isAlive: (value: Value) => boolean): readonly (LuaTable | Userdata)[] {
    const dead = this.marked.filter((object) => !isAlive(object));
    if (dead.length > 0) {
      const set = new Set(dead);
      this.marked = this.marked.filter((object) => !set.has(object));
      this.due.push(...dead.reverse());
    }
    return this.due;
  }

  /** All that are left, when the machine is closed: the last marked first. */
  takeAll(): void {
    this.isClosing = true;
    this.due.push(...this.marked.reverse());
    this.marked = [];
  }

  get hasDue(): boolean {
    return this.due.length > 0;
  }

  /** The next object to be finalized. */
  next(): LuaTable | Userdata | undefined {
    return this.due.shift();
  }
}

/** The finalizer of an object, nil if it has lost it. */
export function finalizerOf(object: LuaTable | Userdata): Value {
  return object.metatable === undefined ? undefined : eventOf(object.metatable, Event.Gc);
}
