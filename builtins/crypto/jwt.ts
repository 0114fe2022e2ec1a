/**
 * Signed tokens (RFC 7519, 7515, 7518), with the cautions of RFC 8725: the algorithm is the caller's choice and must
 * fit the key, `none` does not exist, encodings are canonical. Signatures are made and checked by jsonwebtoken; the
 * claims are ours, so that numbers stay exact.
 */
import { failure, type LuaError } from "../../interpreter/error.ts";
import { formatNumber } from "../../interpreter/number.ts";
import { LuaTable } from "../../interpreter/table.ts";
import { fromBuffer } from "../../interpreter/text.ts";
import { isNumber, toDouble, type Value } from "../../interpreter/value.ts";
import { OBJECT } from "../json-mark.ts";
import { parseJson } from "../json-parser.ts";
import { encodeJson } from "../json-writer.ts";
import { ALGORITHMS, parseKey, type SigningKey } from "./key.ts";

/** Longest token that is looked at, in bytes. */
export const MAX_TOKEN = 256 * 1024;
/** Claims that are times, in seconds since the epoch (RFC 7519 §4.1.4–4.1.6). */
const TIMES = ["exp", "nbf", "iat"] as const;

/** The part of jsonwebtoken used here. */
interface JsonWebToken {
  sign(payload: string, key: unknown, options: { algorithm: string; header: object; encoding: string }): string;
  verify(token: string, key: unknown, options: object): unknown;
}

/** Loaded at the first use: most scripts never sign anything. */
function library(): JsonWebToken {
  return require("jsonwebtoken") as JsonWebToken;
}

// --- signing --------------------------------------------------------------------------------------------------------

export interface SignOptions {
  readonly kid: string | undefined;
  readonly headers: LuaTable | undefined;
  readonly passphrase: string | undefined;
}

/** A signed token in its compact form. */
export function signToken(
  claims: LuaTable,
  keyText: string,
  algorithm: string | undefined,
  options: SignOptions,
): string {
  const what = "crypto.jwt_sign";
  if (algorithm !== undefined) checkAlgorithm(what, algorithm);
  const key = parseKey(what, keyText, "sign", options.passphrase);
  const chosen = algorithm ?? key.algorithms[0]!;
  if (!key.algorithms.includes(chosen)) throw misfit(what, chosen, key);
  const payload = encodeJson(what, checkedClaims(what, claims));
  const header = signingHeader(what, chosen, options);
  try {
    return library().sign(payload, key.object, { algorithm: chosen, header, encoding: "latin1" });
  } catch {
    throw failure(`${what}: the key cannot be used to sign`);
  }
}

function checkAlgorithm(what: string, algorithm: string): void {
  if (ALGORITHMS.includes(algorithm)) return;
  throw failure(`${what}: algorithm '${algorithm}' is not supported (${ALGORITHMS.join(", ")})`);
}

function misfit(what: string, algorithm: string, key: SigningKey): LuaError {
  return failure(`${what}: algorithm ${algorithm} does not fit the key, which is ${key.description}`);
}

/** The claims as they go into the token: times floored to whole seconds. The script's own table stays as it is. */
function checkedClaims(what: string, claims: LuaTable): LuaTable {
  const copy = new LuaTable();
  claims.forEach((key, value) => {
    copy.set(key, value);
  });
  for (const name of TIMES) {
    const value = claims.getString(name);
    if (value !== undefined) copy.setString(name, Math.floor(timeClaim(what, name, value)) + 0);
  }
  copy.mark = OBJECT;
  return copy;
}

/** A time claim as a double; whatever is no point in time is refused. */
function timeClaim(what: string, name: string, value: Value): number {
  if (!isNumber(value)) throw failure(`${what}: claim '${name}' must be a number of seconds`);
  const seconds = toDouble(value);
  if (!(Math.abs(seconds) <= Number.MAX_SAFE_INTEGER)) throw failure(`${what}: claim '${name}' is out of range`);
  return seconds;
}

/** Byte strings all through: jsonwebtoken writes the header as latin1. */
function signingHeader(what: string, algorithm: string, { kid, headers }: SignOptions): object {
  const header: Record<string, unknown> = { alg: algorithm, typ: "JWT" };
  if (headers !== undefined) {
    if (headers.getString("alg") !== undefined) throw failure(`${what}: header 'alg' is set by the algorithm argument`);
    for (const name of ["crit", "b64"]) {
      if (headers.getString(name) !== undefined) throw failure(`${what}: header '${name}' is not supported`);
    }
    const copy = new LuaTable();
    headers.forEach((key, value) => {
      copy.set(key, value);
    });
    // The library copies headers by assignment, which would lose this one or worse.
    if (headers.getString("__proto__") !== undefined) throw failure(`${what}: header '__proto__' is not supported`);
    copy.mark = OBJECT;
    Object.assign(header, JSON.parse(encodeJson(what, copy)));
  }
  if (kid !== undefined) header.kid = kid;
  return header;
}

// --- reading --------------------------------------------------------------------------------------------------------

interface Token {
  readonly header: LuaTable;
  readonly claims: LuaTable;
  /** Whether the header names extensions that must be understood, be it by null, which the table does not have. */
  readonly critical: boolean;
}

/** Takes a token apart; its signature is not looked at. */
export function decodeToken(what: string, token: string): Token {
  if (token.length > MAX_TOKEN) throw failure(`${what}: token too large (${token.length} bytes, at most ${MAX_TOKEN})`);
  const parts = token.split(".");
  if (parts.length !== 3) throw failure(`${what}: not a signed token: ${parts.length} parts instead of 3`);
  const [header, claims] = parts.map((part, i) => {
    const name = ["header", "payload", "signature"][i]!;
    const bytes = Buffer.from(part, "base64url");
    // Only the canonical spelling: no padding, no white space, no bits beyond the last byte (RFC 7515 §2).
    if (bytes.toString("base64url") !== part) throw failure(`${what}: the token's ${name} is not base64url`);
    return fromBuffer(bytes);
  });
  return {
    header: jsonObject(what, "header", header!, undefined),
    claims: jsonObject(what, "payload", claims!, undefined),
    critical: jsonObject(what, "header", header!, false).getString("crit") !== undefined,
  };
}

function jsonObject(what: string, name: string, text: string, nullValue: Value): LuaTable {
  let value: Value;
  try {
    value = parseJson(text, nullValue);
  } catch {
    throw failure(`${what}: the token's ${name} is not JSON`);
  }
  if (value instanceof LuaTable && value.mark === OBJECT) return value;
  throw failure(`${what}: the token's ${name} is not a JSON object`);
}

// --- verifying ------------------------------------------------------------------------------------------------------

export interface VerifyOptions {
  readonly algorithms: readonly string[];
  readonly leeway: number;
  readonly audience: readonly string[] | undefined;
  readonly issuer: readonly string[] | undefined;
  readonly subject: string | undefined;
  readonly maxAge: number | undefined;
  readonly requireExp: boolean;
  /** Seconds since the epoch. */
  readonly now: number;
}

/** The contents of a token whose signature and claims hold; raises for any other. */
export function verifyToken(token: string, keyText: string, options: VerifyOptions): Token {
  const what = "crypto.jwt_verify";
  for (const algorithm of options.algorithms) checkAlgorithm(what, algorithm);
  const key = parseKey(what, keyText, "verify", undefined);
  const fitting = options.algorithms.filter((algorithm) => key.algorithms.includes(algorithm));
  if (fitting.length === 0) throw misfit(what, options.algorithms.join(", "), key);
  const decoded = decodeToken(what, token);
  const algorithm = decoded.header.getString("alg");
  if (typeof algorithm !== "string" || !fitting.includes(algorithm)) {
    throw failure(`${what}: the token's algorithm is not allowed (allowed: ${fitting.join(", ")})`);
  }
  // Extensions that must be understood are not (RFC 7515 §4.1.11).
  if (decoded.critical) throw failure(`${what}: the token has critical headers`);
  try {
    // The claims are checked below, on exact values.
    library().verify(token, key.object, { algorithms: fitting, ignoreExpiration: true, ignoreNotBefore: true });
  } catch {
    throw failure(`${what}: the signature does not match`);
  }
  checkTimes(what, decoded.claims, options);
  checkNames(what, decoded.claims, options);
  return decoded;
}

function checkTimes(what: string, claims: LuaTable, { leeway, maxAge, requireExp, now }: VerifyOptions): void {
  const time = (name: (typeof TIMES)[number]) => {
    const value = claims.getString(name);
    return value === undefined ? undefined : timeClaim(what, name, value);
  };
  const [exp, nbf, iat] = [time("exp"), time("nbf"), time("iat")];
  if (exp === undefined && requireExp)
    throw failure(`${what}: the token has no claim 'exp' (option require_exp = false allows it)`);
  if (exp !== undefined && now >= exp + leeway)
    throw failure(`${what}: the token has expired (exp ${formatNumber(exp)})`);
  if (nbf !== undefined && now < nbf - leeway)
    throw failure(`${what}: the token is not valid yet (nbf ${formatNumber(nbf)})`);
  if (maxAge === undefined) return;
  if (iat === undefined) throw failure(`${what}: the token has no claim 'iat', which max_age needs`);
  if (now >= iat + maxAge + leeway) throw failure(`${what}: the token is too old (iat ${formatNumber(iat)})`);
}

function checkNames(what: string, claims: LuaTable, { audience, issuer, subject }: VerifyOptions): void {
  const aud = claims.getString("aud");
  const audiences = aud instanceof LuaTable ? aud.toArray() : [aud];
  if (audience !== undefined && !audiences.some((name) => typeof name === "string" && audience.includes(name))) {
    throw failure(`${what}: the token is not for this audience`);
  }
  const iss = claims.getString("iss");
  if (issuer !== undefined && !(typeof iss === "string" && issuer.includes(iss))) {
    throw failure(`${what}: the token is not from this issuer`);
  }
  if (subject !== undefined && claims.getString("sub") !== subject) {
    throw failure(`${what}: the token is not about this subject`);
  }
}
