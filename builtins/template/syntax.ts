/** Nodes that nunjucks's syntax trees do not have. Their kinds are written out: a minifier renames classes. */
import * as nodes from "nunjucks/src/nodes.js";

/** `a[start:stop:step]`, as the index of a LookupVal. */
export class Slice extends nodes.Node {
  override get typename(): string {
    return "Slice";
  }

  start: nodes.Node | undefined;
  stop: nodes.Node | undefined;
  step: nodes.Node | undefined;
}
/** `a, b` and `(a, b)`. */
export class Tuple extends nodes.NodeList {
  override get typename(): string {
    return "Tuple";
  }
}
/** `*list` and `**dict` among arguments. */
export class Star extends nodes.Node {
  override get typename(): string {
    return "Star";
  }

  operand!: nodes.Node;
  keywords = false;
}
/** `{% for target in arr if test recursive %}`. */
export class Loop extends nodes.Node {
  override get typename(): string {
    return "Loop";
  }

  target!: nodes.Node;
  iterable!: nodes.Node;
  test: nodes.Node | undefined;
  recursive = false;
  body!: nodes.NodeList;
  otherwise: nodes.NodeList | undefined;
}
/** `{% with a = 1 %}`. */
export class With extends nodes.Node {
  override get typename(): string {
    return "With";
  }

  targets: nodes.Node[] = [];
  values: nodes.Node[] = [];
  body!: nodes.NodeList;
}
/** `{% do expression %}`. */
export class Do extends nodes.Node {
  override get typename(): string {
    return "Do";
  }

  expression!: nodes.Node;
}
/** `{% break %}` and `{% continue %}`. */
export class Jump extends nodes.Node {
  override get typename(): string {
    return "Jump";
  }

  kind!: "break" | "continue";
}

// The properties above are assigned after construction: nunjucks's own constructor knows nothing of them.
Object.defineProperty(nodes.Node.prototype, "fields", { value: [], configurable: true });
