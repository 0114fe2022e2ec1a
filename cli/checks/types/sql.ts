/** `type: sql`: one query, and what its rows must be. */
import { unsatisfied } from "../jq.ts";
import { JQ, oneOrMore } from "../schema-parts.ts";
import { runLua } from "./lua.ts";
import {
  type Body,
  boundsError,
  type CheckType,
  COUNT_OR_BOUNDS,
  checkBounds,
  countBounds,
  listOf,
  type Outcome,
  type RunContext,
} from "./type.ts";

interface SqlBody {
  url: string;
  query: string;
  params?: unknown[];
  expect: { rows?: number | { min?: number; max?: number }; json?: string | string[] };
}

/** Rows that a failure shows. */
const MAX_SHOWN = 5;

/** The parameters come as JSON, with holes where they are null. */
const CODE = `
local url, sql, count, params = ...
local values = json.parse(params)
local bound = {}
for i = 1, tonumber(count) do
  local value = values[tostring(i)]
  bound[i] = value == nil and db.null or value
end
local conn <close> = db.connect(url, { pool = 1 })
return json.encode(json.array(db.query(conn, sql, bound)))
`;

export const sql: CheckType = {
  name: "sql",
  summary: "one query, and what its rows must be",
  fields: {
    url: { type: "string", minLength: 1, description: "postgres://, mysql:// or sqlite:" },
    query: { type: "string", minLength: 1 },
    params: { type: "array", description: "values for $1, $2 … or ?" },
  },
  required: ["url", "query"],
  expect: {
    rows: { ...COUNT_OR_BOUNDS, description: "how many rows there must be" },
    json: {
      ...oneOrMore("a jq expression or a list of them", JQ),
      description: "jq expressions over the list of rows",
    },
  },
  expectRequired: true,

  validate(body, { note, jq }) {
    const { url, expect } = body as unknown as SqlBody;
    if (typeof url === "string" && !/^(?:postgres(?:ql)?:\/\/|mysql:\/\/|mariadb:\/\/|sqlite:)/.test(url)) {
      note(["url"], "expected a URL that begins with postgres://, mysql:// or sqlite:");
    }
    checkBounds(expect.rows, ["expect", "rows"], note);
    listOf(expect.json).forEach((expression, i) => {
      jq(Array.isArray(expect.json) ? ["expect", "json", i] : ["expect", "json"], expression);
    });
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const { url, query, params = [], expect } = body as unknown as SqlBody;
    const values = Object.fromEntries(params.map((value, i) => [String(i + 1), value]));
    const ran = await runLua("sql", CODE, [url, query, String(params.length), JSON.stringify(values)], context);
    if (ran.error !== undefined) return { error: ran.error };
    const rows = ran.value;
    const parsed = JSON.parse(rows) as unknown[];
    const errors: string[] = [];
    if (expect.rows !== undefined) {
      const error = boundsError(parsed.length, countBounds(expect.rows));
      if (error !== undefined) errors.push(`${error} rows`);
    }
    for (const expression of listOf<string>(expect.json)) {
      const error = await unsatisfied(context.run.jq, expression, rows, context.halt);
      if (error !== undefined) errors.push(error);
    }
    const result = `{"rows":${rows}}`;
    if (errors.length === 0) return { result };
    return {
      error: errors.join("; "),
      result,
      details: { rows: parsed.slice(0, MAX_SHOWN), row_count: parsed.length },
    };
  },
};
