/** Digests, random values and signed tokens. Everything works on bytes. */
import { createHash, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { charge } from "../interpreter/memory.ts";
import {
  argumentError,
  boolean,
  checkInteger,
  custom,
  fn,
  givenType,
  library,
  type Named,
  number,
  optional,
  options,
  returns,
  string,
  table,
} from "../interpreter/native.ts";
import { LuaTable } from "../interpreter/table.ts";
import { fromBuffer, toBuffer } from "../interpreter/text.ts";
import { isNumber, type Value } from "../interpreter/value.ts";
import { digestParameter } from "./crypto/digest.ts";
import { decodeToken, MAX_TOKEN, signToken, verifyToken } from "./crypto/jwt.ts";
import { ALGORITHMS } from "./crypto/key.ts";

/** Most characters or bytes asked of the random source at once. */
const MAX_RANDOM = 1024 * 1024;
/** Bytes hashed in one piece: long strings are not copied whole. */
const CHUNK = 1024 * 1024;

function* pieces(bytes: string): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += CHUNK) yield Buffer.from(bytes.slice(at, at + CHUNK), "latin1");
}

/** A length: a number proper, since text that happens to be a numeral is more likely a mistake. */
function length<N extends string>(name: N, unit: string, min: number): Named<N, number> {
  return custom(
    name,
    "integer",
    "integer",
    (value, index) => {
      if (!isNumber(value)) throw argumentError(index, `integer expected, got ${givenType(value, index)}`);
      const n = checkInteger(value, index);
      if (n < min) throw argumentError(index, `value out of range: ${n} is below ${min}`);
      if (n > MAX_RANDOM) throw argumentError(index, `value out of range: ${n} is above ${MAX_RANDOM}`);
      return Number(n);
    },
    { unit },
  );
}

/** How the bytes of a digest come out. */
const ENCODING = optional(
  custom(
    "encoding",
    '"hex"|"base64"|"bytes"',
    "string",
    (value, index) => {
      if (typeof value !== "string") return undefined;
      if (value === "hex" || value === "base64" || value === "bytes") return value;
      throw argumentError(index, `unknown encoding '${value}', expected hex, base64 or bytes`);
    },
    { summary: "default hex" },
  ),
  "hex",
);

function encoded(digest: Buffer, encoding: "hex" | "base64" | "bytes"): string {
  return encoding === "bytes" ? fromBuffer(digest) : digest.toString(encoding);
}

/** Options of which none may be misspelt: a check that nobody asked for by its right name would silently not be made. */
function onlyKnown<N extends string, T>(inner: Named<N, T>): Named<N, T> {
  const known = (inner.fields ?? []).map((field) => field.name);
  const check = (value: Value, index: number): T => {
    if (value instanceof LuaTable) {
      value.forEach((key) => {
        if (typeof key === "string" && known.includes(key)) return;
        const shown = typeof key === "string" && key.length <= 100 ? `'${key}'` : "of another type";
        throw argumentError(index, `unknown option ${shown}, expected one of ${known.join(", ")}`);
      });
    }
    return inner.check(value, index);
  };
  return { ...inner, check };
}

/** A string, or a list of strings, as an array. */
function strings<N extends string>(name: N, summary: string): Named<N, string[]> {
  return custom(
    name,
    "string|string[]",
    "string or list of strings",
    (value: Value): string[] | undefined => {
      if (typeof value === "string") return [value];
      if (!(value instanceof LuaTable)) return undefined;
      const list = value.toArray();
      return list.length > 0 && list.every((element) => typeof element === "string") ? list : undefined;
    },
    { summary },
  );
}

const KEY = string("key", {
  summary: "a shared secret, best one of as many bytes as the digest has, or an RSA or EC key in PEM form",
});
const JWT = "RFC 7519, RFC 7515, RFC 7518, RFC 8725";
const CLAIMS = returns("claims", "table<string, any>", "integers and floats as the token has them");
const HEADER = returns("header", "table<string, any>");

export const cryptoLibrary = library("crypto", "Digests, random values and signed tokens.", [
  fn("hash", {
    summary: "The digest of a string.",
    params: [string("s"), digestParameter("algorithm"), ENCODING],
    returns: [returns("digest", "string", "lower-case hex unless told otherwise")],
    raises: ["an argument error for an unknown algorithm"],
    source: "FIPS 180-4, FIPS 202, RFC 1321",
    example: `assert(crypto.hash("abc", "md5") == "900150983cd24fb0d6963f7d28e17f72")`,
    run: (s, algorithm, encoding) => {
      const hash = createHash(algorithm);
      for (const piece of pieces(s)) hash.update(piece);
      return encoded(hash.digest(), encoding);
    },
  }),
  fn("hmac", {
    summary: "The keyed digest of a string.",
    params: [string("key"), string("s"), digestParameter("algorithm"), ENCODING],
    returns: [returns("digest", "string", "lower-case hex unless told otherwise")],
    raises: ["an argument error for an unknown algorithm"],
    source: "RFC 2104",
    example: `assert(#crypto.hmac("key", "message") == 64)`,
    run: (key, s, algorithm, encoding) => {
      const hmac = createHmac(algorithm, toBuffer(key));
      for (const piece of pieces(s)) hmac.update(piece);
      return encoded(hmac.digest(), encoding);
    },
  }),
  fn("random", {
    summary: "Random hex characters from the system's secure source.",
    params: [optional(length("len", "characters", 1), 32)],
    returns: [returns("hex", "string", "lower case")],
    source: "Assay",
    example: `assert(#crypto.random(16) == 16)`,
    run: (len) => {
      charge(len);
      return randomBytes((len + 1) >> 1)
        .toString("hex")
        .slice(0, len);
    },
  }),
  fn("random_bytes", {
    summary: "Random bytes from the system's secure source.",
    params: [length("n", "bytes", 0)],
    returns: [returns("bytes", "string")],
    source: "Assay",
    example: `assert(#crypto.random_bytes(16) == 16)`,
    run: (n) => {
      charge(n);
      return fromBuffer(randomBytes(n));
    },
  }),
  fn("uuid", {
    summary: "A random UUID (version 4).",
    params: [],
    returns: [returns("uuid", "string", "lower case, with dashes")],
    source: "RFC 9562 §5.4",
    example: `assert(#crypto.uuid() == 36)`,
    run: () => crypto.randomUUID(),
  }),
  fn("equal", {
    summary: "Whether two strings are equal, in a time that does not tell where they differ.",
    params: [string("a"), string("b")],
    returns: [returns("equal", "boolean")],
    source: "Assay",
    example: `assert(crypto.equal("secret", "secret"))`,
    run: (a, b) => {
      // Digests have one length and say nothing about the strings.
      const key = randomBytes(32);
      const digest = (s: string) => createHmac("sha256", key).update(toBuffer(s)).digest();
      return timingSafeEqual(digest(a), digest(b)) && a.length === b.length;
    },
  }),
  fn("jwt_sign", {
    summary:
      "A signed token with these claims. `exp`, `nbf` and `iat` are floored to whole seconds; nothing is added to the claims.",
    params: [
      table("claims", { type: "table<string, any>" }),
      KEY,
      optional(
        string("algorithm", {
          summary: `${ALGORITHMS.join(", ")}; default by the kind of key: HS256, RS256, or what an EC key's curve asks for`,
        }),
      ),
      options("options", [
        optional(string("kid", { summary: "key id, put into the header" })),
        optional(table("headers", { type: "table<string, any>", summary: "further headers" })),
        optional(string("passphrase", { summary: "of an encrypted private key" })),
      ]),
    ],
    returns: [returns("token", "string")],
    raises: [
      "an error for a damaged or empty key, or one that does not fit the algorithm (a PEM key never is an HS secret)",
      "an error for claims that JSON cannot hold, or times that are none",
    ],
    source: JWT,
    example: `local token = crypto.jwt_sign({ sub = "me", exp = time() + 60 }, "secret")\nassert(crypto.jwt_verify(token, "secret", { algorithms = { "HS256" } }).sub == "me")`,
    run: (claims, key, algorithm, { kid, headers, passphrase }) =>
      signToken(claims, key, algorithm, { kid, headers, passphrase }),
  }),
  fn("jwt_verify", {
    summary:
      "The claims of a token, after checking its signature, its times and what else the options ask for. The algorithm must be one of those given and fit the key, whatever the token says.",
    params: [
      string("token"),
      string("key", { summary: "the shared secret, or the public key or certificate in PEM form" }),
      onlyKnown(
        options("options", [
          strings("algorithms", `required: those to accept, of ${ALGORITHMS.join(", ")}`),
          optional(
            number("leeway", { unit: "seconds", min: 0, max: 1e9, summary: "for clocks that differ; default 0" }),
            0,
          ),
          optional(strings("audience", "one of these must be in `aud`")),
          optional(strings("issuer", "`iss` must be one of these")),
          optional(string("subject", { summary: "`sub` must be this" })),
          optional(number("max_age", { unit: "seconds", min: 0, summary: "greatest age by `iat`" })),
          optional(boolean("require_exp", { summary: "refuse tokens without `exp`; default true" }), true),
          optional(number("now", { unit: "seconds since the epoch", summary: "default: the time of day" })),
        ]),
      ),
    ],
    returns: [CLAIMS, HEADER],
    raises: [
      "an error for a token that is malformed, not canonical, or over 256 KiB",
      "an error for a signature that does not match, or an algorithm that is not allowed (`none` never is)",
      "an error for a token that has expired, is not valid yet, or fails another check",
    ],
    source: JWT,
    example: `local token = crypto.jwt_sign({ sub = "me", exp = 1 }, "secret")\nlocal ok, err = pcall(crypto.jwt_verify, token, "secret", { algorithms = { "HS256" } })\nassert(not ok and err:find("expired"))`,
    run: (token, key, given) => {
      const { claims, header } = verifyToken(token, key, {
        algorithms: given.algorithms,
        leeway: given.leeway,
        audience: given.audience,
        issuer: given.issuer,
        subject: given.subject,
        maxAge: given.max_age,
        requireExp: given.require_exp,
        now: given.now ?? Date.now() / 1000,
      });
      return [claims, header];
    },
  }),
  fn("jwt_decode", {
    summary: "The claims and header of a token WITHOUT verifying it: anybody may have written them. For display only.",
    params: [string("token")],
    returns: [CLAIMS, HEADER],
    raises: [`an error for a token that is malformed, not canonical, or over ${MAX_TOKEN / 1024} KiB`],
    source: JWT,
    example: `assert(crypto.jwt_decode(crypto.jwt_sign({ sub = "me" }, "secret")).sub == "me")`,
    run: (token) => {
      const { claims, header } = decodeToken("crypto.jwt_decode", token);
      return [claims, header];
    },
  }),
]);
