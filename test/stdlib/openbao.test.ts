import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

describe("the module vault under another name", () => {
  const prelude = `local bao = require("assay.openbao") local c = bao.client(URL, "sesame")`;
  rows(
    () => server,
    prelude,
    {},
    {
      'return bao == require("assay.vault")': { asked: [], gives: true },
      'return c:kv_get("secret", "shop/db").data.a': {
        routes: { "*": json({ data: { data: { a: 1 } } }) },
        asked: ["GET /v1/secret/data/shop/db"],
        headers: { "x-vault-token": "sesame", "x-vault-request": "true" },
        gives: 1,
      },
      'return c:read("secret/x")': {
        routes: { "*": text("boom", 500) },
        raises: "vault: GET /v1/secret/x HTTP 500: boom",
      },
      "local d = bao.client() return d.url, d.token": {
        settings: { env: { BAO_ADDR: "http://bao:8200/", BAO_TOKEN: "t" } },
        gives: "http://bao:8200",
        also: ["t"],
      },
    },
  );
});
