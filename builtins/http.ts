/** HTTP, as a client and as a server. */
import {
  type Declaration,
  documentKinds,
  documentTables,
  fn,
  integer,
  type Kind,
  library,
  newUserdata,
  returns,
  string,
  table,
  userdata,
} from "../interpreter/native.ts";
import { state } from "../interpreter/state.ts";
import type { Cancellable } from "../interpreter/task.ts";
import { NOTHING, type Userdata } from "../interpreter/value.ts";
import {
  type ClientOptions,
  checkMethod,
  clientOptions,
  optionalBody,
  requestOptions,
  requestOptionsWithBody,
} from "./http/client/options.ts";
import { request, stream } from "./http/client/request.ts";
import { streamKind } from "./http/client/stream.ts";
import { raised } from "./http/failure.ts";
import { serversOf, stopServers } from "./http/running.ts";
import { makeServer, runServer, serveOptions } from "./http/server/serve.ts";
import { requestType, responseType } from "./http/types.ts";

export { stopServers };

const url = string("url", { summary: "http:// or https://" });
const response = [
  returns("response", "http.response", "`status`, `body`, `headers`, `cookies`, `url`, `elapsed_ms`, `ok`, `:json()`"),
];
const raises = [
  "`http.get: GET http://host/x: connection refused`, and so on, when there is no complete response; any status is a response",
];
const source = "RFC 9110";

/** A method that usually has no body: `http.get(url, opts)`. */
function plain(name: string, method: string, summary: string): Declaration {
  return fn(name, {
    summary,
    params: [url, requestOptionsWithBody],
    returns: response,
    raises,
    source,
    run: (where, opts) => request(`http.${name}`, method, where, opts.body, opts),
  });
}

/** A method with a body: `http.post(url, body, opts)`. */
function carrying(name: string, method: string, summary: string): Declaration {
  return fn(name, {
    summary,
    params: [url, optionalBody, requestOptions],
    returns: response,
    raises,
    source,
    run: (where, body, opts) => request(`http.${name}`, method, where, body, opts),
  });
}

// --- client objects -------------------------------------------------------------------------------------------------

const CLIENT = "http.client";
const client = userdata("client", CLIENT);
const path = string("path", { summary: "behind the client's base_url; a whole URL if it has none" });

function defaultsOf(handle: Userdata): ClientOptions {
  return handle.data as ClientOptions;
}

function plainMethod(name: string, method: string): Declaration {
  return fn(name, {
    summary: `Like \`http.${name}\`, with the client's base URL and options.`,
    params: [client, path, requestOptionsWithBody],
    returns: response,
    raises,
    source,
    run: (handle, where, opts) => request(`http.${name}`, method, where, opts.body, opts, defaultsOf(handle)),
  });
}

function carryingMethod(name: string, method: string): Declaration {
  return fn(name, {
    summary: `Like \`http.${name}\`, with the client's base URL and options.`,
    params: [client, path, optionalBody, requestOptions],
    returns: response,
    raises,
    source,
    run: (handle, where, body, opts) => request(`http.${name}`, method, where, body, opts, defaultsOf(handle)),
  });
}

const clientKind: Kind = {
  name: CLIENT,
  summary: "Requests that share a base URL and options.",
  methods: [
    plainMethod("get", "GET"),
    plainMethod("head", "HEAD"),
    plainMethod("options", "OPTIONS"),
    plainMethod("delete", "DELETE"),
    carryingMethod("post", "POST"),
    carryingMethod("put", "PUT"),
    carryingMethod("patch", "PATCH"),
    fn("request", {
      summary: "Like `http.request`, with the client's base URL and options.",
      params: [client, string("method"), path, requestOptionsWithBody],
      returns: response,
      raises,
      source,
      run: (handle, method, where, opts) =>
        request("http.request", checkMethod(method), where, opts.body, opts, defaultsOf(handle)),
    }),
  ],
};

// --- the library ----------------------------------------------------------------------------------------------------

export const httpLibrary = library("http", "HTTP, as a client and as a server.", [
  plain("get", "GET", "Requests a URL."),
  plain("head", "HEAD", "Requests the headers of a URL."),
  plain("options", "OPTIONS", "Asks what can be done with a URL."),
  plain("delete", "DELETE", "Deletes what is at a URL."),
  carrying("post", "POST", "Sends a body to a URL."),
  carrying("put", "PUT", "Puts a body at a URL."),
  carrying("patch", "PATCH", "Changes what is at a URL."),
  fn("request", {
    summary: "Makes a request with any method.",
    params: [string("method", { summary: "in capital letters" }), url, requestOptionsWithBody],
    returns: response,
    raises,
    source,
    run: (method, where, opts) => request("http.request", checkMethod(method), where, opts.body, opts),
  }),
  fn("stream", {
    summary:
      "Makes a request whose response's body is read while it arrives: for bodies without an end. `timeout` is for its head.",
    params: [string("method", { summary: "in capital letters" }), url, requestOptionsWithBody],
    returns: [
      returns(
        "stream",
        "http.stream",
        "`:status()`, `:headers()`, `:read(timeout?)`, `:line(timeout?)`, `:lines()`, `:close()`",
      ),
    ],
    raises,
    source,
    run: (method, where, opts) => stream("http.stream", checkMethod(method), where, opts.body, opts),
  }),
  fn("client", {
    summary: "An object whose methods make requests with a base URL and options in common.",
    params: [clientOptions],
    returns: [returns("client", CLIENT)],
    source: "Assay",
    example: `local api = http.client({base_url = "http://localhost:8080/api", timeout = 5}); assert(api.get)`,
    run: (opts) => newUserdata(clientKind, opts),
  }),
  fn("serve", {
    summary:
      "Serves until it is stopped: by `http.stop`, SIGTERM or SIGINT. Each request runs its handler as a task of its own.",
    params: [
      integer("port", { min: 0, max: 65535, summary: "0: any free one" }),
      table("routes", {
        summary:
          '`{GET = {["/path"] = handler}}`, also `/users/:id`, `/files/*`, ANY and WS. A handler gets `req` (`method`, `path`, `query`, `query_params`, `params`, `headers`, `body`, `remote`, `:json()`) and returns a string, nil (204) or a table: `status`, `headers` and one of `body`, `json`, `html`, `file` (and `root`), `stream`. A WS handler gets `conn, req`',
        type: "{ WS?: table<string, fun(conn: ws.connection, req: http.request)>, [string]: table<string, fun(req: http.request): any> }",
      }),
      serveOptions,
    ],
    returns: [],
    raises: ["`http.serve: cannot listen on 0.0.0.0:80: permission denied`, and so on", "when a route is malformed"],
    source: "RFC 9110, RFC 9112",
    example: `http.serve(0, {GET = {["/hello/:name"] = function(req) return {json = {hello = req.params.name}} end}}, {
  host = "127.0.0.1",
  on_listen = function(address)
    assert(http.get("http://" .. address .. "/hello/lua"):json().hello == "lua")
    http.stop()
  end,
})`,
    run: (port, routes, opts) => {
      const { vm } = state;
      try {
        const server = makeServer(vm, port, routes, opts);
        const waiting: Cancellable = runServer(vm, server, opts.on_listen);
        waiting.cancel = () => server.close();
        return waiting;
      } catch (error) {
        throw raised("http.serve", error);
      }
    },
  }),
  fn("stop", {
    summary: "Stops the servers of this script as SIGTERM would: running requests are finished. Does not wait for it.",
    params: [],
    returns: [],
    source: "Assay",
    example: "http.stop()",
    run: () => {
      void Promise.all([...serversOf(state.vm)].map((server) => server.stop()));
      return NOTHING;
    },
  }),
]);
documentKinds(httpLibrary, clientKind, streamKind);
documentTables(httpLibrary, requestType, responseType);
