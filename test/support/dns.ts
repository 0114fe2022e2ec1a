/** A name server for tests: answers from a table, over UDP on a free port of the loopback interface. */
import { createSocket } from "node:dgram";

/** What is known of a name, by record type: data as RFC 1035 §3.3 encodes it. */
export type Zone = Readonly<
  Record<string, Readonly<Record<number, readonly Buffer[]>> | "nxdomain" | "servfail" | "silent">
>;

export const A = 1;
export const MX = 15;
export const TXT = 16;

export function address(text: string): Buffer {
  return Buffer.from(text.split(".").map(Number));
}

export function text(value: string): Buffer {
  return Buffer.concat([Buffer.from([value.length]), Buffer.from(value)]);
}

export function exchange(priority: number, host: string): Buffer {
  const labels = host.split(".").map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)]));
  return Buffer.concat([Buffer.from([priority >> 8, priority & 255]), ...labels, Buffer.from([0])]);
}

/** Starts a server; `address` is for `server:` of a dns check. */
export async function nameServer(zone: Zone): Promise<{ address: string; stop(): void }> {
  const socket = createSocket("udp4");
  socket.on("message", (query, from) => {
    const { name, end } = readName(query);
    const type = query.readUInt16BE(end);
    const known = zone[name] ?? "nxdomain";
    if (known === "silent") return;
    const records = typeof known === "string" ? [] : (known[type] ?? []);
    const header = Buffer.alloc(12);
    query.copy(header, 0, 0, 2);
    header.writeUInt16BE(0x8180 | (known === "nxdomain" ? 3 : known === "servfail" ? 2 : 0), 2);
    header.writeUInt16BE(1, 4);
    header.writeUInt16BE(records.length, 6);
    const answers = records.map((data) => {
      const head = Buffer.alloc(12);
      head.writeUInt16BE(0xc00c, 0); // the name of the question
      head.writeUInt16BE(type, 2);
      head.writeUInt16BE(1, 4);
      head.writeUInt32BE(60, 6);
      head.writeUInt16BE(data.length, 10);
      return Buffer.concat([head, data]);
    });
    socket.send(Buffer.concat([header, query.subarray(12, end + 4), ...answers]), from.port, from.address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${socket.address().port}`, stop: () => socket.close() };
}

function readName(query: Buffer): { name: string; end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at]!; length > 0; length = query[at]!) {
    labels.push(query.toString("latin1", at + 1, at + 1 + length));
    at += length + 1;
  }
  return { name: labels.join(".").toLowerCase(), end: at + 1 };
}
