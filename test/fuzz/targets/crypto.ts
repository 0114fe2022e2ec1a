/** Base64, digests, keys in PEM form, and signed tokens. The input: a token, a key, an algorithm. */
import { createECDH, createPrivateKey, createPublicKey, createSign } from "node:crypto";
import { Machine } from "../machine.ts";
import { join, parts, SEPARATOR } from "../parts.ts";
import type { Target } from "../target.ts";

const SECRET = "a secret that is long enough";

/** A key pair that is the same in every run. */
function elliptic(curve: string, name: string, bytes: number): { secret: string; known: string } {
  const pair = createECDH(curve);
  pair.setPrivateKey(Buffer.alloc(bytes, 7).fill(0, 0, 1));
  const point = pair.getPublicKey();
  const text = (part: Buffer): string => part.toString("base64url");
  const half = (point.length - 1) / 2;
  const jwk = {
    kty: "EC",
    crv: name,
    d: text(Buffer.alloc(bytes, 7).fill(0, 0, 1)),
    x: text(point.subarray(1, 1 + half)),
    y: text(point.subarray(1 + half)),
  };
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return {
    secret: key.export({ type: "pkcs8", format: "pem" }) as string,
    known: createPublicKey(key).export({ type: "spki", format: "pem" }) as string,
  };
}

function token(header: object, claims: object, sign: (text: string) => string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${part(header)}.${part(claims)}`;
  return `${text}.${sign(text)}`;
}

const hmac = (text: string): string => new Bun.CryptoHasher("sha256", SECRET).update(text).digest("base64url");
const CLAIMS = { sub: "me", exp: 4e9, iat: 1, aud: ["a", "b"], n: 1.5, big: 1e18, nested: { a: null } };

function seeds(): string[] {
  const p256 = elliptic("prime256v1", "P-256", 32);
  const p521 = elliptic("secp521r1", "P-521", 66);
  // Signatures of ECDSA differ each time: one that does not match does as well.
  const sign = (): string => Buffer.alloc(64, 1).toString("base64url");
  return [
    join(token({ alg: "HS256", typ: "JWT" }, CLAIMS, hmac), SECRET, "HS256"),
    join(
      token({ alg: "none" }, CLAIMS, () => ""),
      SECRET,
      "none",
    ),
    join(token({ alg: "HS256", kid: "1", crit: ["x"], b64: false }, { exp: 1e300, nbf: "x" }, hmac), SECRET, "HS256"),
    join(token({ alg: "ES256" }, CLAIMS, sign), p256.known, "ES256"),
    join(token({ alg: "ES256" }, CLAIMS, sign), p256.secret, "ES256"),
    join(token({ alg: "ES512" }, CLAIMS, sign), p521.secret, "ES512"),
    join("aGVsbG8gd29ybGQ=", "aGVsbG8td29ybGRf", "sha256"),
    join("-_-_", "+/+/", "sha3-512"),
    join("{}", '{"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"}', "ES256"),
  ];
}

const PIECES = [
  SEPARATOR,
  ".",
  "=",
  "==",
  "eyJhbGciOiJub25lIn0",
  "eyJhbGciOiJIUzI1NiJ9",
  "e30",
  "bnVsbA",
  "W10",
  "HS256",
  "RS256",
  "PS512",
  "ES384",
  "none",
  "-----BEGIN PUBLIC KEY-----\n",
  "-----END PUBLIC KEY-----\n",
  "-----BEGIN RSA PRIVATE KEY-----\n",
  "-----BEGIN CERTIFICATE-----\n",
  "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n",
  "0\x82\x01\x22",
  "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A",
];

export const crypto: Target = {
  name: "crypto",
  summary: "base64, crypto.hash, crypto.hmac, keys in PEM form, crypto.jwt_*",
  cases: 1500,
  limitMs: 1500,
  open: async () => {
    createSign("sha256"); // loads what signing needs
    const machine = new Machine(`
      local token, key, algorithm = ...
      for _, s in ipairs {token, key, algorithm} do
        for _, kind in ipairs {"", "_url"} do
          if base64["decode" .. kind](base64["encode" .. kind](s)) ~= s then error("fuzz: base64 differs") end
          local bytes = try(base64["decode" .. kind], s)
          if bytes and base64["decode" .. kind](base64["encode" .. kind](bytes)) ~= bytes then error("fuzz: base64 differs") end
        end
      end
      try(crypto.hash, token, algorithm, key)
      try(crypto.hmac, key, token, algorithm)
      try(crypto.equal, token, key)
      local claims, header = try(crypto.jwt_decode, token)
      local verified = try(crypto.jwt_verify, token, key, {algorithms = {algorithm}, require_exp = false})
      try(crypto.jwt_verify, token, key, {algorithms = "HS256", leeway = 1e9, audience = {"a"}, issuer = key, max_age = 5})
      local signed = try(crypto.jwt_sign, claims or {sub = token}, key, algorithm)
      if signed then
        local same = try(crypto.jwt_verify, signed, key, {algorithms = {algorithm}, require_exp = false})
        if verified and not same and not claims.nbf then error("fuzz: signed but not verified") end
      end
      try(crypto.jwt_sign, {sub = "x"}, key, nil, {passphrase = token, kid = token})
      return claims, header, verified`);
    const run = (input: string): Promise<string> => {
      const [token, key, algorithm] = parts(input, 3) as [string, string, string];
      return machine.run(token, key, algorithm);
    };
    return { seeds: seeds(), pieces: PIECES, run };
  },
};
