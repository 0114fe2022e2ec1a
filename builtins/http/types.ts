/** The tables of this library as scripts see them: responses, and the requests that handlers get. */
import { returns, type TableType } from "../../interpreter/native.ts";

/** See client/response.ts. */
export const responseType: TableType = {
  name: "http.response",
  summary: "The response to a request.",
  fields: [
    returns("status", "integer"),
    returns("ok", "boolean", "whether the status is 2xx"),
    returns("body", "string", "its bytes; empty after a download"),
    returns("headers", "table<string, string>", "by lower-case name; repeated ones joined by `, `"),
    returns("cookies", "string[]", "the Set-Cookie headers"),
    returns("url", "string", "that answered, after redirects"),
    returns("elapsed_ms", "integer", "from the beginning to the last byte"),
    returns("file", "string?", "where a download went"),
    returns("size", "integer?", "of a download, in bytes"),
    returns("json", "fun(self: http.response): any", "the body parsed as JSON; raises when it is none"),
  ],
};

/** See server/request.ts. */
export const requestType: TableType = {
  name: "http.request",
  summary: "A request as handlers get it.",
  fields: [
    returns("method", "string"),
    returns("path", "string", "decoded"),
    returns("query", "string", "as it came, without the question mark"),
    returns("query_params", "table<string, any>", "decoded; a key that is repeated has a list"),
    returns("params", "table<string, string>", 'what the route\'s `:name` stands for; `["*"]` is the rest of the path'),
    returns("headers", "table<string, string>", "by lower-case name"),
    returns("body", "string"),
    returns("remote", "string", "the client's address"),
    returns(
      "json",
      "fun(self: http.request): any",
      "the body parsed as JSON; without a pcall the answer is 400 when it is none",
    ),
  ],
};
