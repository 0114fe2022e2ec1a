/** The certificate that a server shows. */
import type { RunContext } from "./types/type.ts";

/** Why a server's certificate is not valid for that many days more, if it is not. */
export async function daysLeftError(_url: string, _tls: unknown, _days: number, _context: RunContext): Promise<string | undefined> {
  return undefined;
}
