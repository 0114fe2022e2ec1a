/** Function values (manual §2.1, §3.4.11): closures of Lua functions and functions of the host. */
import type { FunctionDeclaration } from "./ast.ts";
import type { HookPoint } from "./hook.ts";
import type { Statement } from "./nodes/node.ts";
import type { Variable } from "./resolver.ts";
import type { Results, Suspended, Value } from "./value.ts";

/** A captured variable that some function assigns to: shared by the closures that see it. */
export class Cell {
  /** The census that last visited it; see collector.ts. */
  epoch = 0;
  constructor(public value: Value) {}
}

/** How a closure gets an upvalue when it is made. */
export interface UpvalueSource {
  name: string;
  /** From the enclosing function's registers, or from its own upvalues. */
  fromParent: "local" | "upvalue";
  index: number;
  /** Whether it lives in a Cell; otherwise its value is copied, which only never-reassigned variables allow. */
  cell: boolean;
}

/** What all closures of one function expression share. */
export class Prototype {
  body!: Statement;
  /** Registers of a window: function, site, parameters, locals; at least what its nesting costs in JavaScript frames. */
  size = 0;
  upvalues: UpvalueSource[] = [];
  /** Parameter count when calling needs nothing but parameters in place, else -1: varargs or captured parameters. */
  plainParameters = 0;
  /** Register that holds the vararg array (a table if they are named and captured so), -1 if not vararg. */
  varargRegister = -1;
  /** For `...name`: whether the register holds a table instead of an array. */
  varargTable = false;
  /** Parameters to be put into cells at entry, as register offsets. */
  cellParameters: number[] = [];
  /** Local variables for the debug library: name, register offset, first and last line they are visible on. */
  locals: { name: string; register: number; from: number; to: number; cell: boolean }[] = [];
  lastLine = 0;
  /** Operands that wait in a register during a call, by the order of that call's site; for the debug library. */
  temporaries: { register: number; order: number }[] = [];
  /** For `string.dump`, where the debug library is open: the chunk's text, and the constants it was compiled with. */
  text: string | undefined = undefined;
  /** Whether it was dumped without lines and names. */
  stripped = false;
  constants: Variable[] | undefined = undefined;
  /** Where the debug library is open: what hooks have to hear of, until a hook is set; see hook.ts. */
  points: HookPoint[] | undefined = undefined;
  /** The place of the function's end in the order of evaluation. */
  endOrder = 0;

  constructor(
    /** The chunk's name as messages show it (`luaO_chunkid`). */
    readonly chunkId: string,
    /** The chunk's name as given, such as `@script.lua`. */
    readonly source: string,
    /** Line of the definition; 0 for a main chunk. */
    readonly line: number,
    readonly parameterCount: number,
    readonly parameterNames: string[],
    readonly isVararg: boolean,
    /** The syntax tree, for `string.dump`. */
    readonly declaration: FunctionDeclaration | undefined,
  ) {}
}

export class LuaFunction {
  /** The census that last visited it; see collector.ts. */
  epoch = 0;
  constructor(
    readonly prototype: Prototype,
    /** Cells, or copied values, as the prototype's `upvalues` says. */
    readonly upvalues: (Cell | Value)[],
  ) {}
}

/**
 * What a native function's code may return: its results, SUSPENDED after arranging to be resumed, or a promise of
 * results, which suspends the calling task.
 */
export type NativeResult = Results | Suspended;

export class NativeFunction {
  /** Lua values that its code holds on to, for the census. */
  held: readonly Value[] | undefined = undefined;
  /** The census that last visited it; see collector.ts. */
  epoch = 0;
  constructor(
    /** The full name users know it by, such as `http.get` or `insert`. */
    readonly name: string,
    /**
     * The code. A fixed-arity function gets up to three arguments in place (`state.argc` tells how many were given);
     * one with `variadic` gets all of them as one array, which it may keep.
     */
    readonly run: (a?: Value, b?: Value, c?: Value) => NativeResult,
    readonly variadic: ((args: Value[]) => NativeResult) | undefined,
  ) {}
}
