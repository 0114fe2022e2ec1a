/** `type: tls`: a TLS handshake, and the certificate that the server shows. */
import { certificateOf, daysLeftError, withConnection } from "../connect.ts";
import { environmentOf, tlsOf } from "../request.ts";
import { COUNT, PORT } from "../schema-parts.ts";
import type { Body, CheckType, Outcome, RunContext } from "./type.ts";

interface TlsBody {
  host: string;
  port?: number;
  server_name?: string;
  ca?: string;
  cert?: string;
  key?: string;
  insecure?: boolean;
  expect?: { days_left?: number; issuer?: string; subject?: string };
}

export const tls: CheckType = {
  name: "tls",
  summary: "a TLS handshake: a chain that is trusted, a name that fits, a certificate that lasts",
  fields: {
    host: { type: "string", minLength: 1 },
    port: { ...PORT, default: 443 },
    server_name: { type: "string", minLength: 1, description: "the name to ask for and to find in the certificate" },
    ca: {
      type: "string",
      minLength: 1,
      description: "authorities to trust besides the system's: PEM, or a path",
    },
    cert: { type: "string", minLength: 1, description: "client certificate: PEM, or a path" },
    key: { type: "string", minLength: 1, description: "its key: PEM, or a path" },
    insecure: { type: "boolean", description: "do not verify chain and name", default: false },
  },
  required: ["host"],
  expect: {
    days_left: { ...COUNT, description: "days that the certificate must still be valid" },
    issuer: { type: "string", minLength: 1, description: "must be in the issuer's name, such as O=Let's Encrypt" },
    subject: { type: "string", minLength: 1, description: "must be in the subject's name" },
  },

  validate(body, { note }) {
    const { cert, key } = body as unknown as TlsBody;
    if ((cert === undefined) !== (key === undefined))
      note([cert === undefined ? "key" : "cert"], "cert and key belong together");
  },

  async run(body: Body, context: RunContext): Promise<Outcome> {
    const { host, port = 443, expect = {}, ...rest } = body as unknown as TlsBody;
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
    const settings = tlsOf(given, context.folder, environmentOf(context.run, "tls"));
    const looked = await withConnection("tls", { host, port, tls: settings }, context, (socket) =>
      certificateOf(socket),
    );
    if (looked.error !== undefined) return { error: looked.error };
    const certificate = looked.value;
    const { daysLeft, subject, issuer, validTo, names } = certificate;
    const shown = { days_left: daysLeft, subject, issuer, valid_to: validTo, names };
    const errors = [
      expect.days_left === undefined ? undefined : daysLeftError(certificate, expect.days_left),
      expect.issuer === undefined || issuer.includes(expect.issuer)
        ? undefined
        : `expected an issuer with ${JSON.stringify(expect.issuer)}, got ${JSON.stringify(issuer)}`,
      expect.subject === undefined || subject.includes(expect.subject)
        ? undefined
        : `expected a subject with ${JSON.stringify(expect.subject)}, got ${JSON.stringify(subject)}`,
    ].filter((error) => error !== undefined);
    const result = JSON.stringify(shown);
    return errors.length === 0 ? { result } : { error: errors.join("; "), result, details: { certificate: shown } };
  },
};
