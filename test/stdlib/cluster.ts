/** Answers of a Kubernetes API server, for tests of the modules that talk to one. */
import { type Answer, json, type Reply, type Routes } from "./fixture.ts";

export interface Metadata {
  name?: string;
  namespace?: string;
  generation?: number;
  [key: string]: unknown;
}

export interface KubernetesObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Metadata;
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  [key: string]: unknown;
}

/** A condition, "True" unless said otherwise. */
export function condition(type: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { type, status: "True", ...more };
}

export function object(name: string, more: KubernetesObject = {}): KubernetesObject {
  return { ...more, metadata: { name, ...more.metadata } };
}

/** An object with condition `Ready`. */
export function ready(name: string, more: KubernetesObject = {}): KubernetesObject {
  return object(name, { ...more, status: { conditions: [condition("Ready")], ...more.status } });
}

export function unready(name: string, reason = "Failed", message = "it does not work"): KubernetesObject {
  return object(name, { status: { conditions: [condition("Ready", { status: "False", reason, message })] } });
}

export function items(...list: KubernetesObject[]): Reply {
  return json({ kind: "List", metadata: { resourceVersion: "7" }, items: list });
}

/** What the API server says of an object that is not there. */
export function missing(name: string, plural = "things"): Reply {
  return json(
    {
      kind: "Status",
      status: "Failure",
      message: `${plural} "${name}" not found`,
      reason: "NotFound",
      details: { name, kind: plural },
      code: 404,
    },
    404,
  );
}

export function refused(status: number, reason: string, message = reason): Reply {
  return json({ kind: "Status", status: "Failure", message, reason, code: status }, status);
}

/** The text of such an answer, as messages repeat it. */
export function said(reply: Reply): string {
  return JSON.stringify(reply.body);
}

/** Gives one answer after the other; the last one stays. */
export function sequence(...replies: Reply[]): Answer {
  return (_call, nth) => replies[Math.min(nth, replies.length) - 1]!;
}

/** Routes of a collection and of its objects, by their paths. */
export function collection(path: string, ...list: KubernetesObject[]): Routes {
  const routes: Routes = { [`GET ${path}`]: items(...list) };
  for (const one of list) routes[`GET ${path}/${one.metadata!.name}`] = json(one);
  return routes;
}
