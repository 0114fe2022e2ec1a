/** `type: k8s`: an object of the cluster, or several, ready by the rule of their kind. */
import { readFileSync } from "node:fs";
import { unsatisfied } from "../jq.ts";
import { pathsFrom } from "../request.ts";
import { JQ, oneOrMore, TLS } from "../schema-parts.ts";
import code from "./k8s.lua" with { type: "text" };
import { runLua } from "./lua.ts";
import { type Body, type CheckType, listOf, type Outcome, type RunContext } from "./type.ts";

interface K8sBody {
  kind: string;
  object?: string;
  selector?: string;
  namespace?: string;
  api_version?: string;
  plural?: string;
  cluster_scoped?: boolean;
  url?: string;
  token?: string;
  context?: string;
  kubeconfig?: string;
  tls?: Record<string, unknown>;
  expect?: { json?: string | string[] };
}

/** Between two looks at the cluster. */
const INTERVAL_MS = 2000;
/** Of the check's time, this much is kept for asking what went wrong; of a short time, a third. */
const EXPLAIN_MS = 3000;
/** And for saying what was found at all. */
const LAST_MS = 100;

export const k8s: CheckType = {
  name: "k8s",
  summary: "an object of the cluster that is, or becomes, ready by the rule of its kind",
  fields: {
    kind: {
      type: "string",
      minLength: 1,
      description: "such as deployment, job, pod, or a kind of your own with api_version",
    },
    object: { type: "string", minLength: 1, description: "its name; default: that of the check" },
    selector: { type: "string", minLength: 1, description: "labels instead of a name: all objects that have them" },
    namespace: { type: "string", minLength: 1, description: "default: the pod's own, or default" },
    api_version: {
      type: "string",
      pattern: "^([a-z0-9.-]+/)?v[a-z0-9]+$",
      title: "GROUP/VERSION",
      description: "of a custom resource",
    },
    plural: {
      type: "string",
      minLength: 1,
      description: "of a custom resource; default: the kind in lower case with an s",
    },
    cluster_scoped: { type: "boolean", description: "of a custom resource" },
    url: {
      type: "string",
      minLength: 1,
      description: "of the API server; default: the cluster one runs in, or kubeconfig",
    },
    token: { type: "string", minLength: 1 },
    context: { type: "string", minLength: 1, description: "of the kubeconfig" },
    kubeconfig: { type: "string", minLength: 1 },
    tls: TLS,
  },
  required: ["kind"],
  expect: {
    json: {
      ...oneOrMore("a jq expression or a list of them", JQ),
      description: "jq over the object instead of the kind's rule",
    },
  },

  validate(body, { note, jq }) {
    const { object, selector, expect, plural, api_version: version } = body as unknown as K8sBody;
    if (object !== undefined && selector !== undefined) note(["selector"], "either object or selector");
    if (plural !== undefined && version === undefined) note(["plural"], "plural goes with api_version");
    for (const [i, expression] of listOf(expect?.json).entries()) {
      jq(Array.isArray(expect?.json) ? ["expect", "json", i] : ["expect", "json"], expression);
    }
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const spec = body as unknown as K8sBody;
    const limit = context.limitMs;
    const began = performance.now();
    const ends = began + limit - Math.min(EXPLAIN_MS, limit / 3);
    const looked = await look(spec, context, ends);
    if (looked.error === undefined) return looked;
    if (/: HTTP 401\b|: HTTP 403\b/.test(looked.error)) return { ...looked, final: true };
    // What is known is worth more than an explanation that comes too late.
    const explained = await within(began + limit - LAST_MS, ask(spec, "explain", {}, context));
    const details =
      explained !== undefined && explained.error === undefined
        ? { details: JSON.parse(explained.value) as Record<string, unknown> }
        : {};
    return { ...looked, ...details, final: looked.final === true };
  },
};

/** What a promise gives, or undefined when it takes longer than until a time of `performance.now`. */
function within<T>(time: number, promise: Promise<T>): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), Math.max(0, time - performance.now()));
  return Promise.race([promise, late.promise]).finally(() => clearTimeout(timer));
}

/** Looks until the objects are as they should be, cannot become so, or the time is up. */
async function look(spec: K8sBody, context: RunContext, ends: number): Promise<Outcome> {
  const expressions = listOf<string>(spec.expect?.json);
  if (expressions.length === 0) {
    // As a moment and not as a duration: loading the script takes part of the time.
    const seconds = Math.max(0.1, (ends - performance.now()) / 1000);
    const asked = { ends: ends / 1000, interval: Math.min(INTERVAL_MS / 1000, seconds) };
    const waited = await ask(spec, "wait", asked, context);
    if (waited.error === undefined) return { result: resultOf(spec, waited.value) };
    // What waiting does not help is said in these words by assay.k8s.
    return { error: waited.error, final: / failed: |: HTTP 4(?:00|01|03|22)\b/.test(waited.error) };
  }
  for (;;) {
    const found = await ask(spec, "get", {}, context);
    let error = found.error;
    if (found.error === undefined) {
      const result = resultOf(spec, found.value);
      error = await firstUnsatisfied(spec, expressions, found.value, context);
      if (error === undefined) return { result };
    } else if (/: HTTP 4(?:00|01|03|22)\b/.test(found.error)) return { error: found.error, final: true };
    if (context.halt.given || performance.now() + INTERVAL_MS > ends) return { error: error! };
    await new Promise((resolve) => setTimeout(resolve, INTERVAL_MS));
  }
}

async function firstUnsatisfied(
  spec: K8sBody,
  expressions: string[],
  objects: string,
  context: RunContext,
): Promise<string | undefined> {
  const list = (JSON.parse(objects) as { objects: unknown[] }).objects;
  if (list.length === 0) return `no ${spec.kind} matches ${spec.selector}`;
  for (const object of list) {
    const document = JSON.stringify(object);
    for (const expression of expressions) {
      const error = await unsatisfied(context.run.jq, expression, document, context.halt);
      const name = (object as { metadata?: { name?: string } }).metadata?.name;
      if (error !== undefined) return list.length === 1 ? error : `${name}: ${error}`;
    }
  }
  return undefined;
}

/** `{object}` for a single one, `{objects}` for a selector. */
function resultOf(spec: K8sBody, found: string): string {
  if (spec.selector !== undefined) return found;
  return JSON.stringify({ object: (JSON.parse(found) as { objects: unknown[] }).objects[0] });
}

type Action = "wait" | "get" | "explain";

function ask(spec: K8sBody, action: Action, more: object, context: RunContext) {
  const { kind, selector, api_version: version, plural, cluster_scoped: clusterScoped } = spec;
  const name = selector === undefined ? (spec.object ?? context.name) : undefined;
  const crd =
    version === undefined
      ? {}
      : {
          crd: {
            group: version.includes("/") ? version.split("/")[0] : "",
            version: version.split("/").at(-1),
            plural: plural ?? `${kind.toLowerCase()}s`,
            cluster_scoped: clusterScoped === true,
          },
        };
  const request = {
    action,
    kind,
    name,
    selector,
    namespace: spec.namespace ?? ownNamespace(),
    opts: clientOptions(spec, context),
    ...crd,
    ...more,
  };
  return runLua("k8s", code, [JSON.stringify(request)], context);
}

/** The options of assay.k8s. */
function clientOptions(spec: K8sBody, context: RunContext): Record<string, unknown> {
  const { url, token, kubeconfig } = spec;
  const tls = pathsFrom(spec.tls ?? {}, context.folder) as {
    ca?: string;
    cert?: string;
    key?: string;
    insecure?: boolean;
  };
  const isText = (pem: string | undefined) => pem?.includes("-----BEGIN ") === true;
  return {
    base_url: url,
    token,
    context: spec.context,
    kubeconfig,
    ...(isText(tls.ca) ? { ca: tls.ca } : { ca_file: tls.ca }),
    cert_file: tls.cert,
    key_file: tls.key,
    insecure: tls.insecure,
  };
}

/** The namespace of the pod one runs in. */
function ownNamespace(): string {
  const folder = process.env.ASSAY_SERVICEACCOUNT_DIR ?? "/var/run/secrets/kubernetes.io/serviceaccount";
  try {
    return readFileSync(`${folder}/namespace`, "utf8").trim() || "default";
  } catch {
    return "default";
  }
}
