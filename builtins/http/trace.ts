/** Passing a trace on (W3C Trace Context): from the request a handler answers, or from the environment. */

/** What a task carries on behalf of the request it answers. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate: string | undefined;
}

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;

/** The header fields that pass the trace on; none if there is none, or it is malformed. */
export function traceHeaders(context: TraceContext | undefined, env: (key: string) => string | undefined): string[] {
  const parent = context?.traceparent ?? env("TRACEPARENT");
  if (parent === undefined || !TRACEPARENT.test(parent)) return [];
  const state = context === undefined ? env("TRACESTATE") : context.tracestate;
  return state === undefined || !/^[\x20-\x7e]{1,512}$/.test(state)
    ? ["traceparent", parent]
    : ["traceparent", parent, "tracestate", state];
}
