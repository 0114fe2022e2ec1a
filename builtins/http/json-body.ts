/** Bodies that should be JSON. */
import { failure, LuaError } from "../../interpreter/error.ts";
import type { Value } from "../../interpreter/value.ts";
import { JsonError, parseJson, placeOf } from "../json-parser.ts";

/** Stands as the cause of an error that is the client's doing: a server answers 400 when nobody catches it. */
export class BadRequest {
  constructor(readonly reason: string) {}
}

/** Parses a body for `what`; `fromClient` marks the error as the client's. */
export function parseBody(what: string, body: Value, fromClient = false): Value {
  if (typeof body !== "string") throw failure(`${what}: there is no body`);
  try {
    return parseJson(body, undefined);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    const reason = `${error.message} at ${placeOf(body, error.at)}`;
    const raised = failure(`${what}: ${reason}`);
    if (fromClient && raised instanceof LuaError) raised.cause = new BadRequest(`invalid JSON: ${reason}`);
    throw raised;
  }
}
