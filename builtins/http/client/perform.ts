/** Requests from beginning to end: redirects, repetitions, time limits, and the words when they fail. */

import { LuaError } from "../../../interpreter/error.ts";
import { fromText } from "../../../interpreter/text.ts";
import { after } from "../../timer.ts";
import { version } from "../../version.ts";
import { Attempt } from "../attempt.ts";
import type { NetGate, Route } from "../dial.ts";
import { brief, Failure, failureOf } from "../failure.ts";
import { type HeaderList, hasHeader, headerOf } from "../headers.ts";
import { environmentProxy, type ProxyServer, parseProxy } from "../proxy.ts";
import { DEFAULT_TLS, type TlsEnvironment, type TlsSettings, withDefaults } from "../tls.ts";
import { parseLocation, parseUrl, type Target } from "../url.ts";
import { exchange, type Head } from "./exchange.ts";
import type { Connection, Pool } from "./pool.ts";
import { BodyReceiver, Collector, Download, type DownloadTarget, TOO_LONG_TO_DISCARD, type Wanted } from "./receive.ts";
import { isRedirect, type Redirectable, redirected } from "./redirect.ts";
import { isIdempotent, type RetryPlan, retryDelay } from "./retry.ts";
import { Stream } from "./stream.ts";

/** A request as a script wants it. */
export interface Plan {
  readonly method: string;
  /** The URL as bytes, query included. */
  readonly url: string;
  readonly headers: HeaderList;
  readonly body: Buffer | undefined;
  /** Seconds for one attempt, redirects included; Infinity for no limit. */
  readonly timeout: number;
  readonly maxRedirects: number;
  readonly retries: RetryPlan | undefined;
  readonly tls: TlsSettings;
  /** A proxy's URL; false: none, whatever the environment says. */
  readonly proxy: string | false | undefined;
  /** Bytes of the decoded body. */
  readonly maxBody: number;
  /** The file that a successful response's body goes to. */
  readonly download: DownloadTarget | undefined;
  /** Takes the body of the final response while it arrives; the time limit is then for its head only. */
  readonly stream?: Stream;
}

/** What requests of one virtual machine share. */
export interface ClientContext extends TlsEnvironment, NetGate {
  readonly pool: Pool;
  /** Notes that bodies on their way take that many bytes more (or fewer). Raises when the machine has no room for them. */
  hold(bytes: number): void;
}

export interface Response {
  readonly status: number;
  readonly headers: HeaderList;
  /** Empty when it went to a file. */
  readonly body: string;
  /** Bytes written, when it went to a file. */
  readonly downloaded: number | undefined;
  readonly url: string;
  readonly elapsedMs: number;
}

/**
 * Makes a request. `operation` can end it from outside. Rejects with a Failure whose words begin with method and URL
 * (`GET http://host:1/x: connection refused`), or with a LuaError (permissions, memory).
 */
export async function perform(plan: Plan, context: ClientContext, operation: Attempt): Promise<Response> {
  const started = performance.now();
  const target = parseUrl(plan.url);
  for (let repetition = 1; ; repetition++) {
    const more = plan.retries !== undefined && repetition <= plan.retries.count ? plan.retries : undefined;
    const attempt = new Attempt(plan.timeout);
    const withdraw = operation.onEnd((reason) => attempt.end(reason));
    let delay: number;
    try {
      const outcome = await follow(plan, target, context, attempt, more, repetition);
      if (outcome.kind === "response") {
        return { ...outcome.response, elapsedMs: Math.round(performance.now() - started) };
      }
      delay = outcome.delay;
    } catch (error) {
      if (error instanceof LuaError) throw error;
      const failure = failureOf(error, "sent");
      if (more === undefined || operation.ended !== undefined || !mayRepeat(plan, failure)) {
        const words = `${plan.method} ${brief(fromText(target.text))}: ${failure.words}`;
        throw new Failure(words, failure.retry, failure.cause);
      }
      delay = retryDelay(more, repetition, undefined, Date.now());
    } finally {
      withdraw();
      attempt.finish();
    }
    await pause(delay, operation);
  }
}

/** A failure is worth another attempt if it may pass, and if nothing happened that must not happen twice. */
function mayRepeat(plan: Plan, failure: Failure): boolean {
  if (failure.retry === "never") return false;
  return failure.retry === "unsent" || isIdempotent(plan.method) || plan.retries?.unsafe === true;
}

function pause(seconds: number, operation: Attempt): Promise<void> {
  return new Promise((settle, fail) => {
    const timer = after(seconds * 1000, () => {
      withdraw();
      settle();
    });
    const withdraw = operation.onEnd((reason) => {
      timer.cancel();
      fail(reason);
    });
  });
}

type Outcome = { kind: "response"; response: Omit<Response, "elapsedMs"> } | { kind: "again"; delay: number };

/** One attempt: the request, and the requests that its redirects lead to. */
async function follow(
  plan: Plan,
  first: Target,
  context: ClientContext,
  attempt: Attempt,
  more: RetryPlan | undefined,
  repetition: number,
): Promise<Outcome> {
  const repeatable = isIdempotent(plan.method) || more?.unsafe === true;
  let request: Redirectable = { method: plan.method, target: first, headers: plan.headers, body: plan.body };
  for (let hops = 0; ; hops++) {
    let location: string | undefined;
    let delay: number | undefined;
    const choose = (head: Head): Wanted => {
      if (isRedirect(head.status) && plan.maxRedirects > 0) {
        location = headerOf(head.headers, "location");
        if (location !== undefined && location !== "") return "nothing";
      }
      if (more !== undefined && repeatable && more.statuses.has(head.status)) {
        delay = retryDelay(more, repetition, headerOf(head.headers, "retry-after"), Date.now());
        return "nothing";
      }
      if (plan.stream !== undefined) {
        attempt.finish();
        plan.stream.begin(head, fromText(request.target.text));
        return plan.stream;
      }
      if (plan.download !== undefined && head.status >= 200 && head.status < 300)
        return new Download(plan.download, plan.maxBody);
      return new Collector(plan.maxBody, context.hold);
    };
    const { head, sink } = await send(plan, request, context, attempt, choose).catch((error: unknown) => {
      throw hops === 0 ? error : redirectedFailure(error, request.target);
    });
    if (delay !== undefined) return { kind: "again", delay };
    if (sink === "nothing") {
      if (hops >= plan.maxRedirects) throw new Failure(`more than ${plan.maxRedirects} redirects`, "never");
      request = redirected(request, head.status, parseLocation(location!, request.target));
      continue;
    }
    const url = fromText(request.target.text);
    const { status, headers } = head;
    if (sink instanceof Stream)
      return { kind: "response", response: { status, headers, body: "", downloaded: undefined, url } };
    if (sink instanceof Download) {
      try {
        sink.commit();
      } finally {
        sink.discard();
      }
      return { kind: "response", response: { status, headers, body: "", downloaded: sink.size, url } };
    }
    return { kind: "response", response: { status, headers, body: sink.bytes(), downloaded: undefined, url } };
  }
}

/** What failed was not the URL that the script knows. */
function redirectedFailure(error: unknown, { text }: Target): unknown {
  if (!(error instanceof Failure)) return error;
  return new Failure(`${error.words} (redirected to ${brief(fromText(text))})`, error.retry, error.cause);
}

interface Received {
  head: Head;
  sink: Wanted;
}

/** One request and its response, on a connection of its own choice. */
async function send(
  plan: Plan,
  request: Redirectable,
  context: ClientContext,
  attempt: Attempt,
  choose: (head: Head) => Wanted,
): Promise<Received> {
  const route = routeTo(plan, request.target, context);
  const outgoing = {
    method: request.method,
    path: route.proxy !== undefined && !request.target.secure ? request.target.text : request.target.path,
    headers: completeHeaders(plan, request, route.proxy),
    body: request.body,
  };
  for (let fresh = false; ; fresh = true) {
    const connection: Connection = await context.pool.acquire(route, context, attempt, fresh);
    const receiver = new BodyReceiver(request.method, choose);
    try {
      await exchange(connection, outgoing, receiver, attempt);
      context.pool.release(connection);
    } catch (error) {
      context.pool.discard(connection);
      if (error !== TOO_LONG_TO_DISCARD) {
        // A server may close a connection it has kept just as we use it again; that says nothing about the request.
        const stale = connection.uses > 0 && receiver.received === undefined && !fresh && isIdempotent(request.method);
        if (!(stale && error instanceof Failure && error.retry === "sent" && attempt.ended === undefined)) throw error;
        continue;
      }
    }
    return { head: receiver.received!, sink: receiver.sink };
  }
}

function routeTo(plan: Plan, target: Target, context: ClientContext): Route {
  const env = (key: string) => context.env(key);
  let proxy: ProxyServer | undefined;
  if (typeof plan.proxy === "string") proxy = parseProxy(plan.proxy, "proxy");
  else if (plan.proxy !== false) proxy = environmentProxy(target, env);
  return {
    target,
    proxy,
    tunnel: target.secure,
    tls: target.secure ? withDefaults(plan.tls, target, context) : DEFAULT_TLS,
    proxyTls: proxy?.target.secure === true ? withDefaults(DEFAULT_TLS, proxy.target, context) : DEFAULT_TLS,
  };
}

/** The script's headers, and those that every request has. */
function completeHeaders(plan: Plan, request: Redirectable, proxy: ProxyServer | undefined): HeaderList {
  const { headers, target } = request;
  const out: HeaderList = [];
  if (!hasHeader(headers, "host")) out.push("Host", target.authority);
  if (target.credentials !== undefined && !hasHeader(headers, "authorization")) {
    out.push("Authorization", `Basic ${Buffer.from(target.credentials, "latin1").toString("base64")}`);
  }
  out.push(...headers);
  if (!hasHeader(headers, "user-agent")) out.push("User-Agent", USER_AGENT);
  if (!hasHeader(headers, "accept")) out.push("Accept", "*/*");
  if (!hasHeader(headers, "accept-encoding")) {
    // Part of an encoded body cannot be decoded, a file should hold what the server's file holds, and what is read
    // while it arrives should not wait for an encoder to fill its window.
    const plain = hasHeader(headers, "range") || plan.download !== undefined || plan.stream !== undefined;
    out.push("Accept-Encoding", plain ? "identity" : "gzip, deflate, br");
  }
  if (proxy?.authorization !== undefined && !target.secure) out.push("Proxy-Authorization", proxy.authorization);
  return out;
}

const USER_AGENT = `assay/${version}`;
