/** The table of routes: which handler answers a method and a path. */
import type { LuaFunction, NativeFunction } from "../../../interpreter/function.ts";
import { isFunction } from "../../../interpreter/native.ts";
import { LuaTable } from "../../../interpreter/table.ts";
import { Failure, quoted } from "../failure.ts";
import { isToken } from "../headers.ts";
import { normalPath } from "./path.ts";

export type Handler = LuaFunction | NativeFunction;

/** What a request matched. */
export interface Match {
  readonly handler: Handler;
  /** The route as the script wrote it, for the log. */
  readonly route: string;
  /** Names and values of `:name` and `*`; undefined for an exact path. */
  readonly params: readonly string[] | undefined;
}

/** A path with parameters: literal segments, names after `:`, and perhaps `*` at the end. */
interface Pattern {
  readonly route: string;
  readonly handler: Handler;
  /** Literal text, or undefined where a parameter stands. */
  readonly literals: readonly (string | undefined)[];
  readonly names: readonly string[];
  readonly wildcard: boolean;
}

interface MethodRoutes {
  readonly exact: Map<string, Match>;
  /** In the order in which they are tried: literal segments before parameters, wildcards last. */
  readonly patterns: Pattern[];
}

export class Routes {
  private readonly methods = new Map<string, MethodRoutes>();

  /** Reads `{METHOD = {["/path"] = handler}}`. Throws a Failure that says what is wrong with it. */
  constructor(table: LuaTable) {
    table.forEach((method, paths) => {
      if (typeof method !== "string" || !isToken(method))
        throw new Failure("routes: keys must be methods such as GET, or ANY or WS", "never");
      if (method !== method.toUpperCase())
        throw new Failure(`routes: method ${quoted(method)} must be in capital letters`, "never");
      if (!(paths instanceof LuaTable)) throw new Failure(`routes.${method} must be a table of paths`, "never");
      const routes: MethodRoutes = { exact: new Map(), patterns: [] };
      paths.forEach((path, handler) => {
        addRoute(routes, method, path, handler);
      });
      routes.patterns.sort(bySpecificity);
      this.methods.set(method, routes);
    });
  }

  /** The handler for a method and a path in its normal form. HEAD falls back to GET, and everything to ANY. */
  find(method: string, path: string): Match | undefined {
    const own = this.methods.get(method);
    if (own !== undefined && method !== "WS" && method !== "ANY") {
      const match = lookUp(own, path);
      if (match !== undefined) return match;
    }
    if (method === "HEAD") {
      const get = this.methods.get("GET");
      const match = get === undefined ? undefined : lookUp(get, path);
      if (match !== undefined) return match;
    }
    const any = this.methods.get("ANY");
    return any === undefined ? undefined : lookUp(any, path);
  }

  get haveWebsockets(): boolean {
    return this.methods.has("WS");
  }

  findWebsocket(path: string): Match | undefined {
    const routes = this.methods.get("WS");
    return routes === undefined ? undefined : lookUp(routes, path);
  }

  /** Whether requests with this method can have a handler at all. */
  knows(method: string): boolean {
    return this.methods.has(method) || this.methods.has("ANY");
  }

  /** The methods that a path answers to, for the Allow header; empty for an unknown path. */
  allowed(path: string): string[] {
    const out = new Set<string>();
    for (const [method, routes] of this.methods) {
      if (method === "ANY" || lookUp(routes, path) === undefined) continue;
      // A websocket begins as a GET, and every GET answers HEAD.
      out.add(method === "WS" ? "GET" : method);
      if (method === "GET") out.add("HEAD");
    }
    return [...out];
  }
}

function addRoute(routes: MethodRoutes, method: string, path: unknown, handler: unknown): void {
  if (typeof path !== "string") throw new Failure(`routes.${method}: paths must be strings`, "never");
  const route = `${method} ${path}`;
  if (!isFunction(handler as never)) throw new Failure(`routes.${method}[${quoted(path)}] must be a function`, "never");
  if (!path.startsWith("/"))
    throw new Failure(`routes.${method}: path ${quoted(path)} must begin with a slash`, "never");
  if (!/:|\*/.test(path)) {
    const normal = normalPath(path);
    if (normal === undefined) throw new Failure(`routes.${method}: path ${quoted(path)} is malformed`, "never");
    routes.exact.set(normal, { handler: handler as Handler, route, params: undefined });
    return;
  }
  const segments = path.slice(1).split("/");
  const literals: (string | undefined)[] = [];
  const names: string[] = [];
  let wildcard = false;
  segments.forEach((segment, index) => {
    if (segment === "*" && index === segments.length - 1) {
      wildcard = true;
      names.push("*");
    } else if (segment.startsWith(":") && segment.length > 1) {
      literals.push(undefined);
      names.push(segment.slice(1));
    } else if (segment.includes("*")) {
      throw new Failure(`routes.${method}: in ${quoted(path)} a * may only be the last segment`, "never");
    } else literals.push(segment);
  });
  if (new Set(names).size < names.length)
    throw new Failure(`routes.${method}: ${quoted(path)} has a parameter twice`, "never");
  if (names.length === 0) routes.exact.set(path, { handler: handler as Handler, route, params: undefined });
  else routes.patterns.push({ route, handler: handler as Handler, literals, names, wildcard });
}

function bySpecificity(a: Pattern, b: Pattern): number {
  if (a.wildcard !== b.wildcard) return a.wildcard ? 1 : -1;
  for (let i = 0; i < Math.min(a.literals.length, b.literals.length); i++) {
    const aLiteral = a.literals[i] !== undefined;
    if (aLiteral !== (b.literals[i] !== undefined)) return aLiteral ? -1 : 1;
  }
  // The longer of two wildcards says more.
  return b.literals.length - a.literals.length;
}

function lookUp(routes: MethodRoutes, path: string): Match | undefined {
  const exact = routes.exact.get(path);
  if (exact !== undefined || routes.patterns.length === 0) return exact;
  const segments = path.slice(1).split("/");
  for (const pattern of routes.patterns) {
    const params = match(pattern, segments);
    if (params !== undefined) return { handler: pattern.handler, route: pattern.route, params };
  }
  return undefined;
}

/** Names and values, alternating, if the pattern matches. A parameter stands for a segment that is not empty. */
function match(pattern: Pattern, segments: string[]): string[] | undefined {
  const { literals, names, wildcard } = pattern;
  if (wildcard ? segments.length <= literals.length : segments.length !== literals.length) return undefined;
  const params: string[] = [];
  for (let i = 0; i < literals.length; i++) {
    const segment = segments[i]!;
    const literal = literals[i];
    if (literal === undefined) {
      if (segment === "") return undefined;
      params.push(names[params.length / 2]!, segment);
    } else if (literal !== segment) return undefined;
  }
  if (wildcard) params.push("*", segments.slice(literals.length).join("/"));
  return params;
}
