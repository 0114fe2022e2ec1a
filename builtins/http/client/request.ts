/** Requests on behalf of scripts: from checked arguments to a response, or to an error of the function called. */
import { LuaError } from "../../../interpreter/error.ts";
import { state } from "../../../interpreter/state.ts";
import { type Cancellable, runningTask } from "../../../interpreter/task.ts";
import type { Results } from "../../../interpreter/value.ts";
import type { VirtualMachine } from "../../../interpreter/vm.ts";
import { hostOf } from "../../host.ts";
import { Attempt } from "../attempt.ts";
import { clientContext } from "../context.ts";
import { Failure, raised } from "../failure.ts";
import { hasHeader } from "../headers.ts";
import { type TraceContext, traceHeaders } from "../trace.ts";
import { within } from "../within.ts";
import { type Body, type ClientOptions, makePlan, type RequestOptions } from "./options.ts";
import { type ClientContext, type Plan, perform } from "./perform.ts";
import { responseTable } from "./response.ts";
import { Stream, streamHandle } from "./stream.ts";

/** What a request needs, from what the script said. Throws a LuaError. */
function prepare(
  vm: VirtualMachine,
  what: string,
  method: string,
  url: string,
  body: Body,
  opts: RequestOptions,
  defaults: ClientOptions | undefined,
): { plan: Plan; context: ClientContext } {
  const context = clientContext(vm, what);
  const { permissions } = hostOf(vm);
  try {
    const checkWrite = (path: string) => permissions.checkWrite(what, path);
    const plan = makePlan(what, method, url, body, opts, defaults, { ...context, checkWrite });
    if (!hasHeader(plan.headers, "traceparent")) {
      plan.headers.push(...traceHeaders(runningTask()?.context as TraceContext | undefined, context.env));
    }
    return { plan, context };
  } catch (error) {
    throw raised(what, error);
  }
}

/** Makes a request; the calling task waits for the response. */
export function request(
  what: string,
  method: string,
  url: string,
  body: Body,
  opts: RequestOptions,
  defaults?: ClientOptions,
): Promise<Results> {
  const { vm } = state;
  const { plan, context } = prepare(vm, what, method, url, body, opts, defaults);
  const operation = new Attempt(Infinity);
  const waiting: Cancellable = perform(plan, context, operation).then(
    (response) => within(vm, () => responseTable(vm, response, opts.download ?? defaults?.download)),
    (error) => {
      throw raised(what, error);
    },
  );
  waiting.cancel = () => operation.end(new Failure("cancelled", "never"));
  return waiting;
}

/** Makes a request; the calling task waits for the response's head, and reads the body afterwards. */
export function stream(what: string, method: string, url: string, body: Body, opts: RequestOptions): Promise<Results> {
  const { vm } = state;
  const once = { ...opts, retries: undefined, download: undefined };
  const { plan, context } = prepare(vm, what, method, url, body, once, undefined);
  const operation = new Attempt(Infinity);
  const stop = () => operation.end(new Failure("cancelled", "never"));
  const { resources } = hostOf(vm);
  const resource = { close: stop };
  const waiting: Cancellable = new Promise<Results>((settle, fail) => {
    const opened = new Stream(
      () => {
        resources.add(resource);
        settle(within(vm, () => streamHandle(opened)));
      },
      stop,
      context.hold,
    );
    perform({ ...plan, stream: opened }, context, operation)
      .then(
        () => opened.finish("end"),
        (error) => {
          if (opened.head === undefined) fail(raised(what, error));
          else if (error instanceof Failure || error instanceof LuaError) opened.finish(error);
          else opened.finish(new Failure("failed", "never", error));
        },
      )
      .finally(() => resources.delete(resource));
  });
  waiting.cancel = stop;
  return waiting;
}
