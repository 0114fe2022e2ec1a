/** `type: dns`: what a name resolves to. */
import { lookup } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import { LuaError } from "../../../interpreter/error.ts";
import { toTextLossy } from "../../../interpreter/text.ts";
import { GRACE_MS } from "../request.ts";
import { COUNT, oneOrMore } from "../schema-parts.ts";
import { type Body, type CheckType, listOf, type Outcome, type RunContext } from "./type.ts";

const RECORDS = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"] as const;
type RecordType = (typeof RECORDS)[number];

interface DnsBody {
  host: string;
  record?: RecordType;
  server?: string;
  expect?: { contains?: string | string[]; min_records?: number };
}

export const dns: CheckType = {
  name: "dns",
  summary: "what a name resolves to",
  fields: {
    host: { type: "string", minLength: 1 },
    record: { type: "string", enum: RECORDS, default: "A" },
    server: {
      type: "string",
      minLength: 1,
      description: "address of a name server, with :PORT if it is not 53; without one, A and AAAA go the system's way",
    },
  },
  required: ["host"],
  expect: {
    contains: oneOrMore("a record or a list of records"),
    min_records: { ...COUNT, description: "default 1" },
  },

  validate(body, { note }) {
    const { server } = body as unknown as DnsBody;
    if (typeof server === "string" && parseServer(server) === undefined) {
      note(["server"], `expected an IP address, with a port if need be, got ${JSON.stringify(server)}`);
    }
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const { host, record = "A", server, expect = {} } = body as unknown as DnsBody;
    let records: string[];
    try {
      context.run.permissions.checkNet("dns", host, isIP(host) === 0 ? undefined : host, 53);
      records =
        server === undefined && (record === "A" || record === "AAAA")
          ? await systemLookup(host, record)
          : await query(host, record, server, context);
    } catch (error) {
      if (error instanceof LuaError && typeof error.value === "string") return { error: toTextLossy(error.value) };
      const { code } = error as NodeJS.ErrnoException;
      if (NO_RECORDS.has(code ?? "")) records = [];
      else return { error: `${host}: ${WORDS[code ?? ""] ?? `cannot be resolved (${code ?? "failed"})`}` };
    }
    const result = JSON.stringify({ records });
    const error = judge(host, record, records, expect);
    return error === undefined ? { result } : { error, result, details: { records } };
  },
};

function judge(
  host: string,
  record: string,
  records: readonly string[],
  expect: NonNullable<DnsBody["expect"]>,
): string | undefined {
  const least = expect.min_records ?? 1;
  if (records.length < least) {
    return records.length === 0
      ? `${host} has no ${record} record`
      : `expected at least ${least} records, got ${records.length}`;
  }
  const missing = listOf<string>(expect.contains).filter(
    (wanted) => !records.some((one) => one === wanted || bare(one) === bare(wanted)),
  );
  if (missing.length === 0) return undefined;
  return `expected ${missing.map((one) => JSON.stringify(one)).join(" and ")} among ${JSON.stringify(records)}`;
}

/** Names are equal whatever their case, and with or without the final dot. */
function bare(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** The system's own way, with its hosts file and search domains: what programs in the same place would get. */
function systemLookup(host: string, record: "A" | "AAAA"): Promise<string[]> {
  return new Promise((resolve, reject) => {
    lookup(host, { all: true, family: record === "A" ? 4 : 6 }, (error, found) => {
      if (error) reject(error);
      else resolve(found.map((one) => one.address));
    });
  });
}

async function query(
  host: string,
  record: RecordType,
  server: string | undefined,
  context: RunContext,
): Promise<string[]> {
  const resolver = new Resolver({ timeout: Math.ceil(context.limitMs + GRACE_MS), tries: 1 });
  if (server !== undefined) {
    const { address, port } = parseServer(server)!;
    context.run.permissions.checkNet("dns", server, address, port);
    resolver.setServers([isIP(address) === 6 ? `[${address}]:${port}` : `${address}:${port}`]);
  }
  const withdraw = context.halt.onGiven(() => resolver.cancel());
  try {
    const name = record === "PTR" && isIP(host) !== 0 ? reverseName(host) : host;
    const found: unknown = await resolver.resolve(name, record);
    // Of SOA there is one, and it comes as it is.
    return (Array.isArray(found) ? found : [found]).map((one) => recordText(record, one));
  } finally {
    withdraw();
  }
}

/** A record as zone files write it. */
function recordText(record: RecordType, found: unknown): string {
  if (typeof found === "string") return found;
  if (Array.isArray(found)) return found.join("");
  const fields = found as Record<string, unknown>;
  switch (record) {
    case "MX":
      return `${fields.priority} ${fields.exchange}`;
    case "SRV":
      return `${fields.priority} ${fields.weight} ${fields.port} ${fields.name}`;
    case "SOA":
      return `${fields.nsname} ${fields.hostmaster} ${fields.serial} ${fields.refresh} ${fields.retry} ${fields.expire} ${fields.minttl}`;
    default: {
      // CAA: the property is the one key besides `critical`.
      const [property, value] = Object.entries(fields).find(([key]) => key !== "critical") ?? ["", ""];
      return `${fields.critical ?? 0} ${property} ${String(value)}`;
    }
  }
}

/** `in-addr.arpa` for an address (RFC 1035 §3.5); `ip6.arpa` (RFC 3596 §2.5). */
function reverseName(address: string): string {
  if (isIP(address) === 4) return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  const groups = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const front = groups[0] === "" ? [] : groups[0]!.split(":");
  const back = groups[1] === undefined || groups[1] === "" ? [] : groups[1].split(":");
  const all = [...front, ...Array.from({ length: 8 - front.length - back.length }, () => "0"), ...back];
  const digits = all.map((group) => group.padStart(4, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

function parseServer(text: string): { address: string; port: number } | undefined {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const match = /^\[?([^\]]+)\]?:(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  return match !== null && isIP(match[1]!) !== 0 && port > 0 && port < 65536 ? { address: match[1]!, port } : undefined;
}

/** Answers that say that there is nothing; a check may expect that. */
const NO_RECORDS = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME", "EAI_NODATA"]);

const WORDS: Readonly<Record<string, string>> = {
  ESERVFAIL: "the name server failed",
  EREFUSED: "the name server refused",
  ETIMEOUT: "the name server did not answer",
  ECONNREFUSED: "the name server did not answer",
  EAI_AGAIN: "the name server did not answer",
  ECANCELLED: "stopped",
  EBADNAME: "not a name that DNS can hold",
};
