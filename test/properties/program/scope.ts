/** What a random program is made with: chance, and the variables in sight. */
import type { Random } from "fast-check";

/** What a variable mostly holds. Programs are loosely typed on purpose: a few operations on the wrong type are wanted. */
export type Kind = "int" | "float" | "str" | "bool" | "seq" | "obj" | "fn" | "co";

export interface Variable {
  readonly name: string;
  readonly kind: Kind;
  /** Never assigned to after its declaration. */
  readonly fixed: boolean;
}

export interface Settings {
  /**
   * The reference is of the version that this project follows. Others print floats with 14 digits, which changes the
   * lengths of strings, and may use `__lt` in place of a missing `__le`.
   */
  readonly exact: boolean;
  /**
   * Expressions may change a local variable that another operand of theirs reads. The order is undefined by the
   * manual; the reference reads plain locals last.
   */
  readonly anyOrder: boolean;
}

/** Chance and scope; the grammar builds on it. */
export class Choices {
  /** Variables in sight, the innermost last. */
  private readonly visible: Variable[] = [];
  private names = 0;
  protected room: number;

  constructor(
    private readonly random: Random,
    protected readonly settings: Settings,
  ) {
    this.room = 10 + this.below(70);
  }

  protected below(n: number): number {
    return this.random.nextInt(0, n - 1);
  }

  /** True in `n` of a hundred cases. */
  protected chance(n: number): boolean {
    return this.below(100) < n;
  }

  protected pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  /** One of the rows, by weight. */
  protected weighted<T>(rows: readonly (readonly [weight: number, value: T])[]): T {
    let at = this.below(rows.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, value] of rows) {
      at -= weight;
      if (at < 0) return value;
    }
    throw new Error("no rows");
  }

  /** `n` values. */
  protected times<T>(n: number, make: () => T): T[] {
    return Array.from({ length: n }, make);
  }

  /** A name for a new variable, sometimes one that hides another of the same kind. */
  protected fresh(kind: Kind): string {
    const old = this.variable(kind);
    if (old !== undefined && this.chance(12)) return old.name;
    return `${kind[0]}${++this.names}`;
  }

  protected label(): string {
    return `l${++this.names}`;
  }

  protected declare(name: string, kind: Kind, fixed: boolean): void {
    this.visible.push({ name, kind, fixed });
  }

  /** Some variable of a kind that is not hidden by another one. */
  protected variable(kind: Kind, accept: (variable: Variable) => boolean = () => true): Variable | undefined {
    const { length } = this.visible;
    if (length === 0) return undefined;
    // The latest are the most likely to be locals of the same function.
    const begin = Math.max(this.below(length), this.below(length));
    for (let i = 0; i < length; i++) {
      const at = (begin - i + length) % length;
      const variable = this.visible[at]!;
      if (variable.kind === kind && accept(variable) && !this.hidden(variable.name, at)) return variable;
    }
    return undefined;
  }

  private hidden(name: string, at: number): boolean {
    for (let i = at + 1; i < this.visible.length; i++) if (this.visible[i]!.name === name) return true;
    return false;
  }

  protected scoped<T>(make: () => T): T {
    const { length } = this.visible;
    try {
      return make();
    } finally {
      this.visible.length = length;
    }
  }
}
