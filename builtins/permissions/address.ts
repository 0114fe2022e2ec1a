/** IP addresses in all their spellings, and which of them belong to a cloud's metadata service. */
import { isIP } from "node:net";

/** 4 or 16 bytes. IPv4-mapped IPv6 addresses (RFC 4291 §2.5.5.2) are IPv4: that is where the kernel connects to. */
export type Address = readonly number[];

/** Reads an address as the system prints it; undefined for anything else. A zone (`%eth0`) is left out. */
export function parseAddress(text: string): Address | undefined {
  const plain = text.replace(/%.*$/, "");
  const version = isIP(plain);
  if (version === 0) return undefined;
  if (version === 4) return plain.split(".").map(Number);
  // The standard parser prints all forms in the same way, the dotted tail of IPv4 included.
  const [front = "", back] = new URL(`http://[${plain}]/`).hostname.slice(1, -1).split("::");
  const head = groups(front);
  const tail = groups(back ?? "");
  const zeros = Array.from({ length: 16 - head.length - tail.length }, () => 0);
  const bytes = [...head, ...zeros, ...tail];
  return starts(bytes, [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255]) ? bytes.slice(12) : bytes;
}

function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 255];
  });
}

/**
 * A host as connecting to it would understand it (WHATWG URL §3.5): lower case, IDN in ASCII, and the decimal, octal,
 * hexadecimal, short and full-width forms of IPv4 addresses in dotted form. What no URL can hold stays as it is.
 */
export function canonicalHost(host: string): string {
  const bare = host.replace(/^\[(.*)\]$/, "$1").replace(/%.*$/, "");
  if (isIP(bare) === 6) return bare.toLowerCase();
  if (/[/?#@\\:\s]/.test(bare)) return bare.toLowerCase();
  const url = URL.parse(`http://${bare}/`);
  return url === null || url.hostname === "" ? bare.toLowerCase() : url.hostname;
}

/** Whether the first `bits` bits of two addresses of the same kind are equal. */
export function sharesPrefix(a: Address, b: Address, bits: number): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0, left = bits; left > 0; i++, left -= 8) {
    const mask = left >= 8 ? 255 : (255 << (8 - left)) & 255;
    if ((a[i]! & mask) !== (b[i]! & mask)) return false;
  }
  return true;
}

function starts(bytes: Address, prefix: Address): boolean {
  return prefix.every((byte, i) => bytes[i] === byte);
}

/** An address or a network, `169.254.0.0/16`. */
export interface Range {
  readonly base: Address;
  readonly bits: number;
}

/** Reads an address or a network; undefined for anything else, bits behind the prefix included. */
export function parseRange(text: string): Range | undefined {
  const [, bracketed, plain, length] = /^(?:\[([^\]/]+)\]|([^[\]/]+))(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const written = bracketed ?? plain;
  const base = written === undefined ? undefined : parseAddress(written);
  if (base === undefined) return undefined;
  const all = base.length * 8;
  const bits = length === undefined ? all : Number(length);
  if (bits > all) return undefined;
  const isNetwork = base.every((byte, i) => (byte & (0xff >> Math.min(8, Math.max(0, bits - i * 8)))) === 0);
  return bits === all || isNetwork ? { base, bits } : undefined;
}

/** Link-local networks, and where clouds answer questions about the machine, its credentials included. */
const GUARDED: readonly Range[] = [
  "169.254.0.0/16", // link-local (RFC 3927); AWS, Azure, Google, ECS tasks, and most others
  "fe80::/10", // link-local (RFC 4291 §2.5.6)
  "fd00:ec2::/32", // AWS over IPv6
  "fd20:ce::254", // Google over IPv6
  "100.100.100.200", // Alibaba
  "168.63.129.16", // Azure's host
  "192.0.0.192", // Oracle
].map((text) => parseRange(text)!);

const GUARDED_NAMES: ReadonlySet<string> = new Set([
  "metadata",
  "metadata.google.internal",
  "metadata.goog",
  "metadata.azure.internal",
  "metadata.azure.com",
  "metadata.tencentyun.com",
  "metadata.packet.net",
  "metadata.platformequinix.com",
  "instance-data",
  "instance-data.ec2.internal",
]);

/** Whether an address is one that is refused unless it is allowed by name. */
export function isGuardedAddress(address: Address): boolean {
  return [address, ...embedded(address)].some((one) => GUARDED.some(({ base, bits }) => sharesPrefix(one, base, bits)));
}

export function isGuardedName(name: string): boolean {
  return GUARDED_NAMES.has(name.replace(/\.+$/, ""));
}

/** The IPv4 addresses that an IPv6 address may be carried to. */
function embedded(address: Address): Address[] {
  if (address.length === 4) return [];
  const last = address.slice(12);
  const out: Address[] = [];
  if (starts(address, [0x20, 0x02])) out.push(address.slice(2, 6)); // 6to4, RFC 3056
  if (starts(address, [0, 0x64, 0xff, 0x9b])) out.push(last); // NAT64, RFC 6052, RFC 8215
  if (starts(address, [0x20, 0x01, 0, 0])) out.push(last.map((byte) => byte ^ 255)); // Teredo, RFC 4380
  if (starts(address, [0, 0, 0, 0, 0, 0, 0, 0])) out.push(last); // compatible (RFC 4291), translated (RFC 2765)
  if (address[10] === 0x5e && address[11] === 0xfe) out.push(last); // ISATAP, RFC 5214
  return out;
}
