/** All targets of the fuzzer. */
import type { Target } from "./target.ts";
import { builtins } from "./targets/builtins.ts";
import { checks } from "./targets/checks.ts";
import { cli } from "./targets/cli.ts";
import { crypto } from "./targets/crypto.ts";
import { http } from "./targets/http.ts";
import { json } from "./targets/json.ts";
import { lua } from "./targets/lua.ts";
import { patterns } from "./targets/patterns.ts";
import { regex } from "./targets/regex.ts";
import { server } from "./targets/server.ts";
import { sql } from "./targets/sql.ts";
import { template } from "./targets/template.ts";
import { toml } from "./targets/toml.ts";
import { url } from "./targets/url.ts";
import { wire } from "./targets/wire.ts";
import { ws } from "./targets/ws.ts";
import { yaml } from "./targets/yaml.ts";

export const targets: readonly Target[] = [
  lua,
  builtins,
  json,
  yaml,
  toml,
  crypto,
  regex,
  template,
  patterns,
  url,
  http,
  server,
  ws,
  checks,
  sql,
  wire,
  cli,
];
