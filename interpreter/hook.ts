/** Hooks of the debug library (manual §4.7, §6.11). */
import type { Coroutine } from "./coroutine.ts";
import type { Value } from "./value.ts";

export interface Hook {
  fn: Value;
  /** Letters of `c`, `r` and `l`. */
  mask: string;
  /** Call after every so many steps; 0 for never. */
  count: number;
}

export function getHook(coroutine: Coroutine): Hook | undefined {
  return coroutine.hook as Hook | undefined;
}

export function setHook(coroutine: Coroutine, hook: Hook | undefined): void {
  coroutine.hook = hook;
}
