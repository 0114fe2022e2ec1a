/** `type: prometheus`: one instant query, and the bounds of its value. */
import { toTextLossy } from "../../../interpreter/text.ts";
import { type Answer, checkRequest, excerpt, request } from "../request.ts";
import { AUTH, HEADERS, TLS } from "../schema-parts.ts";
import {
  type Body,
  boundsError,
  type CheckType,
  COUNT_OR_BOUNDS,
  checkBounds,
  countBounds,
  type Outcome,
  type RunContext,
} from "./type.ts";

interface Expectation {
  min?: number;
  max?: number;
  equals?: number;
  all?: boolean;
  series?: number | { min?: number; max?: number };
  empty?: boolean;
}

interface PrometheusBody {
  url: string;
  query: string;
  headers?: Record<string, unknown>;
  auth?: { user?: string; password?: string; bearer?: string };
  tls?: Record<string, unknown>;
  expect: Expectation;
}

/** One series, or the one value of a scalar. */
interface Sample {
  metric: Record<string, string>;
  value: number;
}

/** Samples that a failure shows. */
const MAX_SHOWN = 10;

export const prometheus: CheckType = {
  name: "prometheus",
  summary: "one PromQL instant query, and the bounds of its value",
  fields: {
    url: { type: "string", minLength: 1, description: "the server, such as http://prometheus:9090" },
    query: { type: "string", minLength: 1 },
    headers: HEADERS,
    auth: AUTH,
    tls: TLS,
  },
  required: ["url", "query"],
  expect: {
    min: { type: "number" },
    max: { type: "number" },
    equals: { type: "number" },
    all: { type: "boolean", description: "every series must be within the bounds, not only the first", default: false },
    series: { ...COUNT_OR_BOUNDS, description: "how many series there must be" },
    empty: { type: "boolean", description: "an empty result passes", default: false },
  },
  expectRequired: true,

  validate(body, { note }) {
    checkRequest(body, note);
    const { expect } = body as unknown as PrometheusBody;
    checkBounds(expect, ["expect"], note);
    checkBounds(expect.series, ["expect", "series"], note);
    const { min, max, equals, series, empty } = expect;
    if (min === undefined && max === undefined && equals === undefined && series === undefined && empty !== true) {
      note(["expect"], "expected min, max, equals, series or empty: true");
    }
    for (const bound of [min, max, equals]) {
      if (typeof bound === "number" && Number.isNaN(bound)) note(["expect"], "a bound cannot be .nan");
    }
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const spec = body as unknown as PrometheusBody;
    const base = spec.url.replace(/\/+$/, "");
    const form = new URLSearchParams({ query: spec.query }).toString();
    const answer = await request(
      {
        method: "POST",
        url: `${base}/api/v1/query`,
        headers: spec.headers,
        auth: spec.auth,
        tls: spec.tls,
        body: Buffer.from(form, "utf8"),
        contentType: "application/x-www-form-urlencoded",
      },
      context,
    );
    const read = readAnswer(answer);
    if (read.error !== undefined) return read;
    const { samples } = read;
    const result = JSON.stringify({ value: jsonNumber(samples[0]?.value), series: samples.map(jsonSample) });
    const error = judge(samples, spec.expect);
    if (error === undefined) return { result };
    return { error, result, details: { samples: samples.slice(0, MAX_SHOWN).map(jsonSample), series: samples.length } };
  },
};

/** JSON has no NaN and no infinities; Prometheus writes them as strings too. */
function jsonNumber(value: number | undefined): number | string | null {
  return value === undefined ? null : Number.isFinite(value) ? value : String(value).replace("Infinity", "Inf");
}

function jsonSample({ metric, value }: Sample): object {
  return { metric, value: jsonNumber(value) };
}

type Read = { samples: Sample[]; error?: undefined } | (Outcome & { error: string });

/** The samples of a query's answer (Prometheus HTTP API, "Instant queries"). */
function readAnswer(answer: Answer): Read {
  if (answer.error !== undefined) return { error: answer.error };
  const { response } = answer;
  let data: { status?: unknown; error?: unknown; data?: { resultType?: unknown; result?: unknown } };
  try {
    data = JSON.parse(toTextLossy(response.body));
  } catch {
    return { error: `the server answered ${response.status}, and not with JSON`, details: excerpt(response) };
  }
  if (data?.status !== "success") {
    const words = typeof data?.error === "string" ? data.error : `the server answered ${response.status}`;
    return { error: `query failed: ${words}`, details: excerpt(response) };
  }
  const { resultType, result } = data.data ?? {};
  if (resultType === "scalar") return { samples: [{ metric: {}, value: numberOf(result) }] };
  if ((resultType === "vector" || resultType === "matrix") && Array.isArray(result)) {
    const samples = result.map((one: { metric?: Record<string, string>; value?: unknown; values?: unknown[] }) => ({
      metric: one.metric ?? {},
      value: numberOf(resultType === "vector" ? one.value : one.values?.at(-1)),
    }));
    return { samples };
  }
  return { error: `the query's result is a ${String(resultType)}, not a number`, details: excerpt(response) };
}

/** The number of a `[time, "value"]` pair. */
function numberOf(pair: unknown): number {
  const text = Array.isArray(pair) ? pair[1] : undefined;
  if (text === "+Inf" || text === "Inf") return Infinity;
  if (text === "-Inf") return -Infinity;
  return typeof text === "string" && text.trim() !== "" ? Number(text) : Number.NaN;
}

function judge(samples: readonly Sample[], expect: Expectation): string | undefined {
  if (expect.series !== undefined) {
    const error = boundsError(samples.length, countBounds(expect.series));
    if (error !== undefined) return `${error} series`;
  }
  const bounded = expect.min !== undefined || expect.max !== undefined || expect.equals !== undefined;
  if (samples.length === 0) {
    const countAllows = expect.series !== undefined && !bounded;
    return expect.empty === true || countAllows ? undefined : "the query returned no data";
  }
  if (!bounded) {
    const onlyEmpty = expect.empty === true && expect.series === undefined;
    return onlyEmpty ? `expected no data, got ${samples.length} series` : undefined;
  }
  for (const sample of expect.all === true ? samples : samples.slice(0, 1)) {
    const error = boundsError(sample.value, expect);
    if (error !== undefined) return samples.length > 1 ? `${error} for ${seriesName(sample.metric)}` : error;
  }
  return undefined;
}

/** `up{job="node"}`. */
function seriesName(metric: Record<string, string>): string {
  const labels = Object.entries(metric).filter(([name]) => name !== "__name__");
  return `${metric.__name__ ?? ""}{${labels.map(([name, value]) => `${name}=${JSON.stringify(value)}`).join(", ")}}`;
}
