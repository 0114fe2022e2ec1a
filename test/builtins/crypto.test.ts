import { describe, expect, test } from "bun:test";
import { createHmac, generateKeyPairSync, type KeyObject } from "node:crypto";
import fc from "fast-check";
import { LuaTable } from "../../interpreter/table.ts";
import { errorOf, prepare, results } from "./script.ts";

// --- digests --------------------------------------------------------------------------------------------------------

/** FIPS 180-4 and 202 examples ("abc" and the empty string), RFC 1321 for md5. */
const digests: [algorithm: string, empty: string, abc: string][] = [
  ["md5", "d41d8cd98f00b204e9800998ecf8427e", "900150983cd24fb0d6963f7d28e17f72"],
  ["sha1", "da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d"],
  [
    "sha224",
    "d14a028c2a3a2bc9476102bb288234c415a2b01f828ea62ac5b3e42f",
    "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7",
  ],
  [
    "sha256",
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  ],
  [
    "sha384",
    "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b",
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  ],
  [
    "sha512",
    "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  ],
  [
    "sha3-224",
    "6b4e03423667dbb73b6e15454f0eb1abd4597f9a1b078e3f5b5a6bc7",
    "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf",
  ],
  [
    "sha3-256",
    "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a",
    "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532",
  ],
  [
    "sha3-384",
    "0c63a75b845e4f7d01107d852e4c2485c51a50aaaa94fc61995e71bbee983a2ac3713831264adb47fb6bd1e058d5f004",
    "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25",
  ],
  [
    "sha3-512",
    "a69f73cca23a9ac5c8b567dc185a756e97c982164fe25859e0d1dcc1475c80a615b2123af1f5f94c11e3e9402c3ac558f500199d95b6d3e301758586281dcd26",
    "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0",
  ],
];

/** RFC 4231 §4: key, data, and the four digests. */
const hex = (text: string) => Buffer.from(text.replaceAll(" ", ""), "hex").toString("latin1");
const hmacs: [
  name: string,
  key: string,
  data: string,
  sha224: string,
  sha256: string,
  sha384: string,
  sha512: string,
][] = [
  [
    "1",
    hex("0b".repeat(20)),
    "Hi There",
    "896fb1128abbdf196832107cd49df33f47b4b1169912ba4f53684b22",
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
    "afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59cfaea9ea9076ede7f4af152e8b2fa9cb6",
    "87aa7cdea5ef619d4ff0b4241a1d6cb02379f4e2ce4ec2787ad0b30545e17cdedaa833b7d6b8a702038b274eaea3f4e4be9d914eeb61f1702e696c203a126854",
  ],
  [
    "2",
    "Jefe",
    "what do ya want for nothing?",
    "a30e01098bc6dbbf45690f3a7e9e6d0f8bbea2a39e6148008fd05e44",
    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    "af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e8e2240ca5e69e2c78b3239ecfab21649",
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  ],
  [
    "3",
    hex("aa".repeat(20)),
    hex("dd".repeat(50)),
    "7fb3cb3588c6c1f6ffa9694d7d6ad2649365b0c1f65d69d1ec8333ea",
    "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
    "88062608d3e6ad8a0aa2ace014c8a86f0aa635d947ac9febe83ef4e55966144b2a5ab39dc13814b94e3ab6e101a34f27",
    "fa73b0089d56a284efb0f0756c890be9b1b5dbdd8ee81a3655f83e33b2279d39bf3e848279a722c806b485a47e67c807b946a337bee8942674278859e13292fb",
  ],
  [
    "6",
    hex("aa".repeat(131)),
    "Test Using Larger Than Block-Size Key - Hash Key First",
    "95e9a0db962095adaebe9b2d6f0dbce2d499f112f2d2b7273fa6870e",
    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
    "4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c60c2ef6ab4030fe8296248df163f44952",
    "80b24263c7c1a3ebb71493c1dd7be8b49b46d1f41b4aeec1121b013783f8f3526b56d037e05f2598bd0fd2215d6a1e5295e64f73f63f0aec8b915a985d786598",
  ],
];

describe("digests", () => {
  test.each(digests)("%s", async (algorithm, empty, abc) => {
    expect(await results(`return crypto.hash("", ...), crypto.hash("abc", ...)`, { args: [algorithm] })).toEqual([
      empty,
      abc,
    ]);
  });
  test.each(hmacs)("RFC 4231, test case %s", async (_name, key, data, sha224, sha256, sha384, sha512) => {
    const source = `local k, d = ... return crypto.hmac(k, d, "sha224"), crypto.hmac(k, d), crypto.hmac(k, d, "sha384"), crypto.hmac(k, d, "sha512")`;
    expect(await results(source, { args: [key, data] })).toEqual([sha224, sha256, sha384, sha512]);
  });
  test.each([
    [`crypto.hash("abc")`, digests[3]![2]],
    [`crypto.hash("abc", "SHA-256")`, digests[3]![2]],
    [`crypto.hash("abc", "SHA3-256")`, digests[7]![2]],
    [`crypto.hash("abc", "md5", "base64")`, "kAFQmDzST7DWlj99KOF/cg=="],
    [`#crypto.hash("abc", "sha512", "bytes")`, 64],
    [`crypto.hash("\\0\\xff", "md5")`, "d07d34efac6328007ad67c7e0a985e00"],
    [`crypto.hash(("a"):rep(1000000), "sha1")`, "34aa973cd4c4daa4f61eeb2bdbad27316534016f"],
  ])("%s", async (expression, digest) => {
    expect(await results(`return (${expression})`)).toEqual([digest]);
  });
});

describe("random values", () => {
  test.each([
    [`#crypto.random()`, 32],
    [`#crypto.random(1)`, 1],
    [`#crypto.random(16.0)`, 16],
    [`crypto.random(1001):match("^[0-9a-f]+$") ~= nil`, true],
    [`crypto.random(32) ~= crypto.random(32)`, true],
    [`#crypto.random(1048576)`, 1048576],
    [`#crypto.random_bytes(0)`, 0],
    [`#crypto.random_bytes(100)`, 100],
    [
      `crypto.uuid():match("^%x%x%x%x%x%x%x%x%-%x%x%x%x%-4%x%x%x%-[89ab]%x%x%x%-%x%x%x%x%x%x%x%x%x%x%x%x$") ~= nil`,
      true,
    ],
    [`crypto.uuid() ~= crypto.uuid()`, true],
    [`crypto.equal("a\\0b", "a\\0b")`, true],
    [`crypto.equal("a", "b")`, false],
    [`crypto.equal("a", "ab")`, false],
    [`crypto.equal("", "")`, true],
  ])("%s", async (expression, value) => {
    expect(await results(`return ${expression}`)).toEqual([value]);
  });
});

describe("wrong arguments (M19)", () => {
  test.each([
    [`crypto.random(1e10)`, "bad argument #1 to 'crypto.random' (value out of range: 10000000000 is above 1048576)"],
    [`crypto.random(-1)`, "bad argument #1 to 'crypto.random' (value out of range: -1 is below 1)"],
    [`crypto.random(0)`, "bad argument #1 to 'crypto.random' (value out of range: 0 is below 1)"],
    [`crypto.random(0.5)`, "bad argument #1 to 'crypto.random' (number has no integer representation)"],
    [`crypto.random("9")`, "bad argument #1 to 'crypto.random' (integer expected, got string)"],
    [
      `crypto.random(math.maxinteger)`,
      "bad argument #1 to 'crypto.random' (value out of range: 9223372036854775807 is above 1048576)",
    ],
    [`crypto.random_bytes()`, "bad argument #1 to 'crypto.random_bytes' (integer expected, got no value)"],
    [`crypto.hash()`, "bad argument #1 to 'crypto.hash' (string expected, got no value)"],
    [`crypto.hash("a", 5)`, "bad argument #2 to 'crypto.hash' (string expected, got number)"],
    [
      `crypto.hash("a", "sha0")`,
      "bad argument #2 to 'crypto.hash' (unknown algorithm 'sha0', expected one of md5, sha1, sha224, sha256, sha384, sha512, sha3-224, sha3-256, sha3-384, sha3-512)",
    ],
    [
      `crypto.hash("a", "md5", "utf8")`,
      "bad argument #3 to 'crypto.hash' (unknown encoding 'utf8', expected hex, base64 or bytes)",
    ],
    [`crypto.jwt_sign("x", "k")`, "bad argument #1 to 'crypto.jwt_sign' (table expected, got string)"],
    [
      `crypto.jwt_verify("x", "k")`,
      "bad argument #3 to 'crypto.jwt_verify' (field 'algorithms': string or list of strings expected, got nil)",
    ],
    [
      `crypto.jwt_verify("x", "k", { algorithms = {} })`,
      "bad argument #3 to 'crypto.jwt_verify' (field 'algorithms': string or list of strings expected, got table)",
    ],
  ])("%s", async (code, message) => {
    expect(await errorOf(code)).toBe(`test:1: ${message}`);
  });
});

// --- tokens ---------------------------------------------------------------------------------------------------------

const pem = (key: KeyObject, type: "pkcs1" | "pkcs8" | "spki" | "sec1") =>
  String(key.export({ type: type as "spki", format: "pem" }));
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
const ec = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }),
  ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }),
};
const ed = generateKeyPairSync("ed25519");
const keys = {
  pkcs1: pem(rsa.privateKey, "pkcs1"),
  pkcs8: pem(rsa.privateKey, "pkcs8"),
  spki: pem(rsa.publicKey, "spki"),
  pkcs1pub: pem(rsa.publicKey, "pkcs1"),
  weak: pem(weak.privateKey, "pkcs8"),
  ed: pem(ed.privateKey, "pkcs8"),
  encrypted: String(rsa.privateKey.export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open" })),
  sec1: pem(ec.ES256.privateKey, "sec1"),
};

/** Runs code with the keys as globals of a table `K`. */
function withKeys(source: string): Promise<import("../../interpreter/value.ts").Value[]> {
  const names = Object.keys(keys) as (keyof typeof keys)[];
  const ecNames = Object.keys(ec) as (keyof typeof ec)[];
  const args = [
    ...names.map((name) => keys[name]),
    ...ecNames.flatMap((name) => [pem(ec[name].privateKey, "pkcs8"), pem(ec[name].publicKey, "spki")]),
  ];
  const all = [...names, ...ecNames.flatMap((name) => [name, `${name}_public`])];
  return results(`local K = {} K.${all.join(", K.")} = ... ${source}`, { args });
}

const b64 = (value: string | object) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");
/** A token with any header and claims, properly signed with HS256 and the key "secret". */
function forge(header: object | string, claims: object | string, key = "secret"): string {
  const input = `${b64(header)}.${b64(claims)}`;
  return `${input}.${createHmac("sha256", key).update(input).digest("base64url")}`;
}

describe("signing and verifying", () => {
  test("RFC 7515 appendix A.1 (HS256)", async () => {
    const token =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const key = Buffer.from(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
      "base64url",
    ).toString("latin1");
    const source = `local t, k = ... local c, h = crypto.jwt_verify(t, k, { algorithms = "HS256", now = 1300819379 }) return c.iss, c.exp, c["http://example.com/is_root"], h.alg, h.typ`;
    expect(await results(source, { args: [token, key] })).toEqual(["joe", 1300819380, true, "HS256", "JWT"]);
    const expired = `local t, k = ... return select(2, pcall(crypto.jwt_verify, t, k, { algorithms = "HS256", now = 1300819380 }))`;
    expect(await results(expired, { args: [token, key] })).toEqual([
      "crypto.jwt_verify: the token has expired (exp 1300819380)",
    ]);
  });

  test("RFC 7515 appendix A.3 (ES256)", async () => {
    const token =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const { createPublicKey } = await import("node:crypto");
    const jwk = {
      kty: "EC",
      crv: "P-256",
      x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
      y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    };
    const key = pem(createPublicKey({ key: jwk, format: "jwk" }), "spki");
    const source = `local t, k = ... return crypto.jwt_verify(t, k, { algorithms = { "ES256" }, now = 1 }).iss`;
    expect(await results(source, { args: [token, key] })).toEqual(["joe"]);
  });

  test("every algorithm with every form of key", async () => {
    const source = `
      local function round(alg, private, public)
        local token = crypto.jwt_sign({ sub = "é", n = 9007199254740993, f = 1.0, list = {}, exp = time() + 60 }, private, alg)
        local claims, header = crypto.jwt_verify(token, public, { algorithms = { alg } })
        assert.eq(claims.sub, "é")
        assert(claims.n == 9007199254740993 and math.type(claims.f) == "float")
        assert.eq(header, { alg = alg, typ = "JWT" })
        return 1
      end
      local n = 0
      for _, alg in ipairs({ "HS256", "HS384", "HS512" }) do n = n + round(alg, "s\\0\\xff", "s\\0\\xff") end
      for _, alg in ipairs({ "RS256", "RS384", "RS512", "PS256", "PS384", "PS512" }) do
        for _, private in ipairs({ K.pkcs1, K.pkcs8, "\\n" .. K.pkcs8 .. "\\n\\n" }) do
          for _, public in ipairs({ K.spki, K.pkcs1pub, K.pkcs8 }) do n = n + round(alg, private, public) end
        end
      end
      for _, alg in ipairs({ "ES256", "ES384", "ES512" }) do n = n + round(alg, K[alg], K[alg .. "_public"]) end
      n = n + round("ES256", K.sec1, K.ES256_public)
      return n`;
    expect(await withKeys(source)).toEqual([3 + 54 + 3 + 1]);
  });

  test("the default algorithm follows the key", async () => {
    const source = `
      local out = {}
      for _, key in ipairs({ "secret", K.pkcs1, K.ES256, K.ES384, K.ES512 }) do out[#out + 1] = select(2, crypto.jwt_decode(crypto.jwt_sign({}, key))).alg end
      return table.concat(out, " ")`;
    expect(await withKeys(source)).toEqual(["HS256 RS256 ES256 ES384 ES512"]);
  });

  test("headers, and claims as given", async () => {
    const source = `
      local claims = { exp = 12.9, nbf = -0.5, iat = 7 }
      local token = crypto.jwt_sign(claims, "k", "HS256", { kid = "ä", headers = { typ = "at+jwt", x = { 1 } } })
      local c, h = crypto.jwt_decode(token)
      assert.eq(c, { exp = 12, nbf = -1, iat = 7 })
      assert(math.type(c.exp) == "integer" and claims.exp == 12.9)
      assert.eq(h, { alg = "HS256", typ = "at+jwt", kid = "ä", x = { 1 } })
      return crypto.jwt_sign({}, "k")`;
    const [token] = await results(source);
    expect(Buffer.from(String(token).split(".")[1]!, "base64url").toString()).toBe("{}");
  });

  test("an encrypted key", async () => {
    expect(
      await withKeys(
        `return select(2, crypto.jwt_decode(crypto.jwt_sign({}, K.encrypted, nil, { passphrase = "open" }))).alg`,
      ),
    ).toEqual(["RS256"]);
  });
});

const now = Math.floor(Date.now() / 1000);

describe("what is refused", () => {
  test.each([
    // Confusion of key kinds
    [`crypto.jwt_sign({}, K.spki, "HS256")`, "crypto.jwt_sign: signing needs the private key, not the public one"],
    [
      `crypto.jwt_sign({}, K.pkcs8, "HS256")`,
      "crypto.jwt_sign: algorithm HS256 does not fit the key, which is an RSA key",
    ],
    [
      `crypto.jwt_sign({}, (K.pkcs8:gsub("%s+$", "")), "HS256")`,
      "crypto.jwt_sign: algorithm HS256 does not fit the key, which is an RSA key",
    ],
    [
      `crypto.jwt_sign({}, "  \\n" .. K.pkcs8, "HS512")`,
      "crypto.jwt_sign: algorithm HS512 does not fit the key, which is an RSA key",
    ],
    [
      `crypto.jwt_verify("x", K.spki, { algorithms = { "HS256" } })`,
      "crypto.jwt_verify: algorithm HS256 does not fit the key, which is an RSA key",
    ],
    [
      `crypto.jwt_verify("x", (K.spki:gsub("%s+$", "")), { algorithms = { "HS256" } })`,
      "crypto.jwt_verify: algorithm HS256 does not fit the key, which is an RSA key",
    ],
    [
      `crypto.jwt_sign({}, "secret", "RS256")`,
      "crypto.jwt_sign: algorithm RS256 does not fit the key, which is a secret",
    ],
    [
      `crypto.jwt_sign({}, K.ES256, "ES384")`,
      "crypto.jwt_sign: algorithm ES384 does not fit the key, which is an EC key (for ES256)",
    ],
    [
      `crypto.jwt_sign({}, K.ES256, "RS256")`,
      "crypto.jwt_sign: algorithm RS256 does not fit the key, which is an EC key (for ES256)",
    ],
    [
      `crypto.jwt_sign({}, K.ed)`,
      "crypto.jwt_sign: keys of this kind are not supported (RSA, or EC on P-256, P-384 or P-521)",
    ],
    [`crypto.jwt_sign({}, K.weak)`, "crypto.jwt_sign: RSA keys must have 2048 bits or more"],
    [
      `crypto.jwt_verify("a.b.c", K.weak, { algorithms = "RS256" })`,
      "crypto.jwt_verify: RSA keys must have 2048 bits or more",
    ],
    [`crypto.jwt_sign({}, K.encrypted)`, "crypto.jwt_sign: the key is encrypted (option passphrase)"],
    [
      `crypto.jwt_sign({}, K.encrypted, nil, { passphrase = "no" })`,
      "crypto.jwt_sign: the passphrase does not open the key",
    ],
    [
      `crypto.jwt_sign({}, K.pkcs8:sub(1, 300) .. "\\n-----END PRIVATE KEY-----")`,
      "crypto.jwt_sign: the PEM key (PRIVATE KEY) is damaged or of a kind that is not supported (RSA, or EC on P-256, P-384 or P-521)",
    ],
    [
      `crypto.jwt_sign({}, '{"kty":"RSA","n":"x"}')`,
      "crypto.jwt_sign: a key must be a PEM text or a shared secret, not DER, JWK or an OpenSSH line",
    ],
    [`crypto.jwt_sign({}, "")`, "crypto.jwt_sign: the key is empty"],
    [`crypto.jwt_verify("a.b.c", "", { algorithms = "HS256" })`, "crypto.jwt_verify: the key is empty"],
    // No such algorithm
    [
      `crypto.jwt_sign({}, "k", "none")`,
      "crypto.jwt_sign: algorithm 'none' is not supported (HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512)",
    ],
    [
      `crypto.jwt_sign({}, "k", "hs256")`,
      "crypto.jwt_sign: algorithm 'hs256' is not supported (HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512)",
    ],
    [
      `crypto.jwt_verify("a.b.c", "k", { algorithms = { "HS256", "none" } })`,
      "crypto.jwt_verify: algorithm 'none' is not supported (HS256, HS384, HS512, RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512)",
    ],
    // Times
    [`crypto.jwt_sign({ exp = "1" }, "k")`, "crypto.jwt_sign: claim 'exp' must be a number of seconds"],
    [`crypto.jwt_sign({ nbf = {} }, "k")`, "crypto.jwt_sign: claim 'nbf' must be a number of seconds"],
    [`crypto.jwt_sign({ exp = 1e300 }, "k")`, "crypto.jwt_sign: claim 'exp' is out of range"],
    [`crypto.jwt_sign({ iat = 0/0 }, "k")`, "crypto.jwt_sign: claim 'iat' is out of range"],
    [`crypto.jwt_sign({ exp = math.huge }, "k")`, "crypto.jwt_sign: claim 'exp' is out of range"],
    [
      `crypto.jwt_sign({}, "k", nil, { headers = { alg = "none" } })`,
      "crypto.jwt_sign: header 'alg' is set by the algorithm argument",
    ],
    [
      `crypto.jwt_sign({}, "k", nil, { headers = { crit = { "x" } } })`,
      "crypto.jwt_sign: header 'crit' is not supported",
    ],
  ])("J01 J02 J05: %s", async (code, message) => {
    expect(await withKeys(`return select(2, pcall(function() ${code} end))`)).toEqual([`test:1: ${message}`]);
  });

  test("claims that are no JSON", async () => {
    expect(await errorOf(`crypto.jwt_sign({ f = print }, "k")`)).toStartWith("test:1: crypto.jwt_sign: ");
  });

  const good = { sub: "me", exp: now + 60 };
  const hs = { alg: "HS256", typ: "JWT" };
  const token = forge(hs, good);
  const [header, payload, signature] = token.split(".") as [string, string, string];
  const flipped = Buffer.from(signature, "base64url");
  flipped[5]! ^= 1;
  test.each<[string, string, string]>([
    ["J01: alg none", `${b64({ alg: "none" })}.${payload}.`, "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: alg None", `${b64({ alg: "None" })}.${payload}.`, "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: alg nOnE, signed", forge({ alg: "nOnE" }, good), "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: no alg", forge({ typ: "JWT" }, good), "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: alg null", forge({ alg: null }, good), "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: alg a list", forge({ alg: ["HS256"] }, good), "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: alg hs256", forge({ alg: "hs256" }, good), "the token's algorithm is not allowed (allowed: HS256)"],
    ["J01: another alg", forge({ alg: "HS512" }, good), "the token's algorithm is not allowed (allowed: HS256)"],
    ["J03: critical header", forge({ ...hs, crit: ["exp"] }, good), "the token has critical headers"],
    ["J01: empty signature", `${header}.${payload}.`, "the signature does not match"],
    ["J04: flipped bit", `${header}.${payload}.${flipped.toString("base64url")}`, "the signature does not match"],
    ["J04: cut signature", `${header}.${payload}.${signature.slice(0, 40)}`, "the signature does not match"],
    ["J04: wrong key", forge(hs, good, "other"), "the signature does not match"],
    ["J04: changed claims", `${header}.${b64({ ...good, sub: "you" })}.${signature}`, "the signature does not match"],
    ["J04: extra segment", `${token}.x`, "not a signed token: 4 parts instead of 3"],
    ["J04: two segments", `${header}.${payload}`, "not a signed token: 2 parts instead of 3"],
    ["J03: critical null", forge('{"alg":"HS256","crit":null}', good), "the token has critical headers"],
    ["J03: critical []", forge({ ...hs, crit: [] }, good), "the token has critical headers"],
    [
      "J03: alg twice",
      forge('{"alg":"HS256","alg":"none"}', good),
      "the token's algorithm is not allowed (allowed: HS256)",
    ],
    ["J03: header with BOM", forge('\ufeff{"alg":"HS256"}', good), "the signature does not match"],
    [
      "J03: header nested deeply",
      forge(`{"alg":"HS256","x":${"[".repeat(5000)}${"]".repeat(5000)}}`, good),
      "the token's header is not JSON",
    ],
    ["J04: empty", "", "not a signed token: 1 parts instead of 3"],
    ["J04: padding", `${token}=`, "the token's signature is not base64url"],
    ["J04: padding in the header", `${header}=.${payload}.${signature}`, "the token's header is not base64url"],
    ["J04: leading blank", ` ${token}`, "the token's header is not base64url"],
    ["J04: trailing newline", `${token}\n`, "the token's signature is not base64url"],
    ["J04: standard alphabet", `${header}.${payload}.+${signature.slice(1)}`, "the token's signature is not base64url"],
    [
      "J04: bits beyond the end",
      `${header}.${payload}.${signature.slice(0, -1)}${String.fromCharCode(signature.charCodeAt(signature.length - 1) + 1)}`,
      "the token's signature is not base64url",
    ],
    [
      "J04: 10 MB",
      `${header}.${"A".repeat(10_000_000)}.${signature}`,
      "token too large (10000081 bytes, at most 262144)",
    ],
    ["J04: claims not JSON", forge(hs, "x"), "the token's payload is not JSON"],
    ["J04: claims a list", forge(hs, "[1]"), "the token's payload is not a JSON object"],
    ["J04: claims a string", forge(hs, '"x"'), "the token's payload is not a JSON object"],
    ["J04: header a list", forge("[]", good), "the token's header is not a JSON object"],
    ["J05: no exp", forge(hs, { sub: "me" }), "the token has no claim 'exp' (option require_exp = false allows it)"],
    ["J05: exp a string", forge(hs, { exp: String(now + 60) }), "claim 'exp' must be a number of seconds"],
    ["J05: exp 1e300", forge(hs, '{"exp":1e300}'), "claim 'exp' is out of range"],
    ["J05: exp negative", forge(hs, { exp: -5 }), "the token has expired (exp -5)"],
    ["J05: exp in the past", forge(hs, { exp: 5.5 }), "the token has expired (exp 5.5)"],
    ["J05: exp true", forge(hs, { exp: true }), "claim 'exp' must be a number of seconds"],
    [
      "J05: nbf in the future",
      forge(hs, { ...good, nbf: 99999999999 }),
      "the token is not valid yet (nbf 99999999999)",
    ],
    ["J05: nbf a string", forge(hs, { ...good, nbf: "0" }), "claim 'nbf' must be a number of seconds"],
    ["J05: iat a string", forge(hs, { ...good, iat: "0" }), "claim 'iat' must be a number of seconds"],
  ])("%s", async (_what, given, message) => {
    const got = await results(
      `return select(2, pcall(crypto.jwt_verify, ..., "secret", { algorithms = { "HS256" } }))`,
      { args: [given] },
    );
    expect(String(got[0]).replace(/10000\d+ bytes/, "10000081 bytes")).toBe(`crypto.jwt_verify: ${message}`);
  });

  test("J02: RS256 public key as HS256 secret, the classic", async () => {
    const forged = forge(hs, good, keys.spki);
    const source = `return select(2, pcall(crypto.jwt_verify, ..., K, { algorithms = { "HS256", "RS256" } }))`.replace(
      "...",
      "TOKEN",
    );
    const got = await results(`local TOKEN, K = ... ${source}`, { args: [forged, keys.spki] });
    expect(got).toEqual(["crypto.jwt_verify: the token's algorithm is not allowed (allowed: RS256)"]);
  });

  test("J02: a public key in any dress is no HS secret", async () => {
    const der = rsa.publicKey.export({ type: "spki", format: "der" });
    const base64 = der.toString("base64");
    const dressed = {
      crlf: keys.spki.replaceAll("\n", "\r\n"),
      "no newlines": keys.spki.replaceAll("\n", ""),
      "escaped newlines": keys.spki.replaceAll("\n", "\\n"),
      "something before it": `x${keys.spki}`,
      der: der.toString("latin1"),
      "pkcs1 der": rsa.publicKey.export({ type: "pkcs1", format: "der" }).toString("latin1"),
      base64,
      "base64 in lines": `${base64.replace(/.{64}/g, "$&\n")}\n`,
      jwk: JSON.stringify(rsa.publicKey.export({ format: "jwk" })),
      "jwk set": JSON.stringify({ keys: [rsa.publicKey.export({ format: "jwk" })] }),
      openssh: "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABAQC7 me@host\n",
      ssh2: "---- BEGIN SSH2 PUBLIC KEY ----\nAAAAB3Nz\n---- END SSH2 PUBLIC KEY ----",
    };
    const source = `
      local name, key, token = ...
      assert(not pcall(crypto.jwt_sign, {}, key, "HS256"), name)
      assert(not pcall(crypto.jwt_verify, token, key, { algorithms = "HS256" }), name)`;
    const attempt = prepare(source);
    for (const [name, key] of Object.entries(dressed)) await attempt(name, key, forge(hs, good, key));
    // What merely looks like one is a secret as any other.
    const alike = `MIIB${"A".repeat(60)}`;
    expect(await results(`return #crypto.jwt_sign({}, "${alike}", "HS256") > 0`)).toEqual([true]);
  });

  test.each([
    ["jku", { jku: "http://127.0.0.1:1/keys" }],
    ["x5u", { x5u: "http://127.0.0.1:1/cert" }],
    ["jwk", { jwk: { kty: "oct", k: "AAAA" } }],
    ["x5c", { x5c: ["MIIB"] }],
    ["kid that is a path", { kid: "../../../dev/null" }],
    ["kid that is SQL", { kid: "x' union select 'secret" }],
  ])("J03: header %s chooses no key", async (_what, extra) => {
    const check = prepare(`
      local token, key = ...
      local ok, r, header = pcall(crypto.jwt_verify, token, key, { algorithms = "HS256" })
      return ok and r.sub or r`);
    expect(await check(forge({ ...hs, ...extra }, good), "secret")).toEqual(["me"]);
    for (const key of ["", "\0\0\0", "AAAA"]) {
      const [problem] = await check(forge({ ...hs, ...extra }, good, key), "secret");
      expect(problem).toBe("crypto.jwt_verify: the signature does not match");
    }
  });

  test("J03: signatures of one algorithm are none of another's", async () => {
    const source = `
      local function refused(token, key, algorithms)
        local ok, e = pcall(crypto.jwt_verify, token, key, { algorithms = algorithms, require_exp = false })
        assert(not ok, "accepted")
        return e:match("crypto.jwt_verify: (.*)")
      end
      local ps, es = crypto.jwt_sign({}, K.pkcs8, "PS256"), crypto.jwt_sign({}, K.ES256)
      local head, claims, signature = ps:match("(.*)%.(.*)%.(.*)")
      local as_rs = base64.encode_url('{"alg":"RS256"}') .. "." .. claims .. "." .. signature
      local es_head, es_claims = es:match("(.*)%.(.*)%.")
      return refused(ps, K.spki, "RS256"), refused(as_rs, K.spki, { "RS256", "PS256" }),
        refused(es, K.ES384_public, "ES256"), refused(es, K.ES384_public, { "ES256", "ES384" }),
        refused(es_head .. "." .. es_claims .. "." .. base64.encode_url(("\0"):rep(64)), K.ES256_public, "ES256")`;
    expect(await withKeys(source)).toEqual([
      "the token's algorithm is not allowed (allowed: RS256)",
      "the signature does not match",
      "algorithm ES256 does not fit the key, which is an EC key (for ES384)",
      "the token's algorithm is not allowed (allowed: ES384)",
      "the signature does not match",
    ]);
  });

  test("J03: a misspelt option is no check left out", async () => {
    expect(await errorOf(`crypto.jwt_verify("x", "k", { algorithms = "HS256", audiance = "me" })`)).toBe(
      "test:1: bad argument #3 to 'crypto.jwt_verify' (unknown option 'audiance', expected one of algorithms, leeway, audience, issuer, subject, max_age, require_exp, now)",
    );
    expect(await errorOf(`crypto.jwt_sign({}, "k", nil, { headers = { ["__proto__"] = {} } })`)).toBe(
      "test:1: crypto.jwt_sign: header '__proto__' is not supported",
    );
  });

  const verify = prepare(`
    local token, options = ...
    options.algorithms = "HS256"
    local ok, r = pcall(crypto.jwt_verify, token, "secret", options)
    return ok and "ok" or r`);
  test.each<[string, object, Record<string, unknown>, string]>([
    ["exp at the edge", { exp: 100 }, { now: 99.999 }, "ok"],
    ["exp at the edge", { exp: 100 }, { now: 100 }, "expired"],
    ["leeway", { exp: 100 }, { now: 104.9, leeway: 5 }, "ok"],
    ["leeway", { exp: 100 }, { now: 105, leeway: 5 }, "expired"],
    ["nbf at the edge", { exp: 200, nbf: 100 }, { now: 100 }, "ok"],
    ["nbf leeway", { exp: 200, nbf: 100 }, { now: 95, leeway: 5 }, "ok"],
    ["nbf leeway", { exp: 200, nbf: 100 }, { now: 94.9, leeway: 5 }, "not valid yet"],
    ["float exp", { exp: 100.5 }, { now: 100.4 }, "ok"],
    ["no exp by choice", {}, { require_exp: false }, "ok"],
    ["audience", { exp: 100, aud: "a" }, { now: 1, audience: "a" }, "ok"],
    ["audience list", { exp: 100, aud: ["x", "a"] }, { now: 1, audience: "a" }, "ok"],
    ["wrong audience", { exp: 100, aud: "b" }, { now: 1, audience: "a" }, "not for this audience"],
    ["no audience", { exp: 100 }, { now: 1, audience: "a" }, "not for this audience"],
    ["issuer", { exp: 100, iss: "i" }, { now: 1, issuer: "i" }, "ok"],
    ["wrong issuer", { exp: 100, iss: "j" }, { now: 1, issuer: "i" }, "not from this issuer"],
    ["subject", { exp: 100, sub: "s" }, { now: 1, subject: "s" }, "ok"],
    ["wrong subject", { exp: 100, sub: 5 }, { now: 1, subject: "5" }, "not about this subject"],
    ["max_age", { exp: 100, iat: 10 }, { now: 19, max_age: 10 }, "ok"],
    ["max_age", { exp: 100, iat: 10 }, { now: 20, max_age: 10 }, "too old"],
    ["max_age without iat", { exp: 100 }, { now: 20, max_age: 10 }, "no claim 'iat'"],
  ])("J05: %s", async (_what, claims, options, outcome) => {
    const [got] = await verify(forge(hs, claims), LuaTable.fromObject(options as never));
    expect(String(got)).toContain(outcome);
  });

  test("no message repeats a key", async () => {
    const secret = "sup3r-s3cret";
    for (const code of [
      `crypto.jwt_sign({}, ..., "RS256")`,
      `crypto.jwt_verify("a.b.c", ..., { algorithms = "HS256" })`,
    ]) {
      expect(await errorOf(code.includes("...") ? code : code, { args: [secret] })).not.toContain(secret);
    }
  });

  test("any token: an answer or a clear error", async () => {
    const decode = prepare(`
      local token = ...
      local ok, e = pcall(crypto.jwt_verify, token, "secret", { algorithms = "HS256", require_exp = false })
      local ok2, e2 = pcall(crypto.jwt_decode, token)
      return ok, e, ok2, e2`);
    const part = fc.oneof(
      fc.constantFrom(header, payload, signature, "", "e30", b64("null"), b64('{"alg":"HS256"}')),
      fc.string({ maxLength: 10 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { maxLength: 5 }), async (parts) => {
        const given = parts.join(".");
        const [ok, error, decoded, problem] = await decode(Buffer.from(given).toString("latin1"));
        if (ok !== true) expect(String(error)).toMatch(/^crypto\.jwt_verify: [^\n]+$/);
        else expect(given).toBe(token);
        if (decoded !== true) expect(String(problem)).toMatch(/^crypto\.jwt_decode: [^\n]+$/);
      }),
      { numRuns: 1000 },
    );
  });
});
