/**
 * Keys for signed tokens: a shared secret, or an RSA or EC key in PEM form. What kind a key is decides which
 * algorithms it may be used with, never what a token says (RFC 8725 §3.1, §2.1).
 */
import { createPrivateKey, createPublicKey, createSecretKey, type KeyObject, X509Certificate } from "node:crypto";
import { failure } from "../../interpreter/error.ts";
import { toBuffer } from "../../interpreter/text.ts";

export const HMAC = ["HS256", "HS384", "HS512"] as const;
export const RSA = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"] as const;
const PSS = ["PS256", "PS384", "PS512"] as const;
export const EC = ["ES256", "ES384", "ES512"] as const;
export const ALGORITHMS: readonly string[] = [...HMAC, ...RSA, ...EC];
const CURVES: Readonly<Record<string, string>> = { prime256v1: "ES256", secp384r1: "ES384", secp521r1: "ES512" };

const MIN_MODULUS = 2048;

export interface SigningKey {
  readonly object: KeyObject;
  /** Algorithms it fits; the first is the default. */
  readonly algorithms: readonly string[];
  /** For messages: `a secret`, `an RSA key`, `an EC key (P-256)`. */
  readonly description: string;
}

/** Whether something given as a secret is an asymmetric key: its public half is known to everybody. */
function isAsymmetric(key: string): boolean {
  if (/-----BEGIN [A-Z0-9 ]+-----/.test(key) || /^\s*\{[\s\S]*"kty"\s*:\s*"(?:RSA|EC|OKP)"/.test(key)) return true;
  // One line of OpenSSH's, and what its older relatives write (RFC 4253 §6.6, RFC 4716).
  if (/^\s*(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\S+) AAAA/.test(key) || /^\s*---- BEGIN SSH2 /.test(key)) return true;
  // DER begins with a SEQUENCE, 0x30; in base64, as consoles show keys without PEM's first and last line, that is an M.
  if (key.startsWith("0")) return isDer(toBuffer(key));
  return /^\s*M[A-Za-z0-9+/_\s-]+={0,2}\s*$/.test(key) && isDer(Buffer.from(key.replace(/\s+/g, ""), "base64"));
}

/** Whether these bytes are a public key or a certificate. */
function isDer(der: Buffer): boolean {
  for (const type of ["spki", "pkcs1"] as const) {
    try {
      createPublicKey({ key: der, format: "der", type });
      return true;
    } catch {
      // Not that, then.
    }
  }
  try {
    new X509Certificate(der);
    return true;
  } catch {
    return false;
  }
}

/**
 * A key as a script gives it: PEM for RSA and EC (PKCS#1, PKCS#8, SEC 1, SPKI, certificates), anything else is a
 * shared secret. `passphrase` opens an encrypted private key.
 */
export function parseKey(
  what: string,
  key: string,
  use: "sign" | "verify",
  passphrase: string | undefined,
): SigningKey {
  if (key === "") throw failure(`${what}: the key is empty`);
  if (!isAsymmetric(key)) {
    return { object: createSecretKey(toBuffer(key)), algorithms: HMAC, description: "a secret" };
  }
  const pem = key.trim();
  let object: KeyObject;
  try {
    const given = passphrase === undefined ? { key: pem } : { key: pem, passphrase };
    object = use === "sign" ? createPrivateKey(given) : createPublicKey(given);
  } catch {
    throw failure(`${what}: ${keyProblem(pem, use, passphrase)}`);
  }
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = object;
  // RFC 7518 §3.3 and §3.5.
  if ((details?.modulusLength ?? MIN_MODULUS) < MIN_MODULUS) {
    throw failure(`${what}: RSA keys must have ${MIN_MODULUS} bits or more`);
  }
  if (type === "rsa") return { object, algorithms: RSA, description: "an RSA key" };
  if (type === "rsa-pss") return { object, algorithms: PSS, description: "an RSA-PSS key" };
  const algorithm = type === "ec" ? CURVES[details?.namedCurve ?? ""] : undefined;
  if (algorithm !== undefined) return { object, algorithms: [algorithm], description: `an EC key (for ${algorithm})` };
  throw failure(`${what}: keys of this kind are not supported (RSA, or EC on P-256, P-384 or P-521)`);
}

function keyProblem(pem: string, use: "sign" | "verify", passphrase: string | undefined): string {
  const label = /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];
  if (label === undefined) return "a key must be a PEM text or a shared secret, not DER, JWK or an OpenSSH line";
  if (use === "sign" && /^(?:RSA )?PUBLIC KEY$|CERTIFICATE/.test(label))
    return "signing needs the private key, not the public one";
  const encrypted = label.startsWith("ENCRYPTED") || /^Proc-Type: 4,ENCRYPTED/m.test(pem);
  if (encrypted) {
    return passphrase === undefined
      ? "the key is encrypted (option passphrase)"
      : "the passphrase does not open the key";
  }
  if (label.startsWith("OPENSSH")) return "OpenSSH keys are not supported (convert with ssh-keygen -p -m PEM)";
  return `the PEM key (${label}) is damaged or of a kind that is not supported (RSA, or EC on P-256, P-384 or P-521)`;
}
