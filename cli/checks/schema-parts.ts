/** The vocabulary of the check file's schema, and the parts that several check types share. */

export interface Schema {
  readonly $schema?: string;
  readonly $id?: string;
  readonly $ref?: string;
  /** What messages call it: `expected TITLE, got …`. */
  readonly title?: string;
  /** What messages add behind that. */
  readonly $comment?: string;
  readonly description?: string;
  readonly type?: "object" | "array" | "string" | "integer" | "number" | "boolean" | "null";
  readonly enum?: readonly string[];
  readonly const?: string | boolean;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly minProperties?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly anyOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly if?: Schema;
  readonly then?: Schema;
  readonly not?: Schema;
  readonly default?: unknown;
  readonly $defs?: Readonly<Record<string, Schema>>;
}

export const DURATION: Schema = {
  title: "a duration such as 500ms, 30s, 1h30m, or a number of seconds",
  anyOf: [
    { type: "number", minimum: 0 },
    { type: "string", pattern: "^(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$" },
  ],
};

/** A pattern for what must not be all spaces. */
export const SOME_TEXT = "\\S";

/** Time for something to be done in: none at all is a mistake. */
export const TIMEOUT: Schema = {
  title: "a duration above zero such as 500ms, 30s, 1h30m, or a number of seconds",
  anyOf: [
    { type: "number", minimum: 0.001 },
    { type: "string", pattern: "^(?=.*[1-9])(\\d+(\\.\\d+)?|(\\d+(\\.\\d+)?(ms|s|m|h|d))+)$" },
  ],
};

/** A jq expression. */
export const JQ: Schema = { type: "string", minLength: 1, description: "a jq expression" };

export const COUNT: Schema = { type: "integer", minimum: 0 };

export const PORT: Schema = { type: "integer", minimum: 1, maximum: 65535 };

/** A string or a list of strings. */
export function oneOrMore(title: string, item: Schema = { type: "string", minLength: 1 }): Schema {
  return { title, anyOf: [item, { type: "array", minItems: 1, items: item }] };
}

/** Values that are written as text somewhere: environment variables, headers. */
export const TEXT_VALUE: Schema = {
  title: "a string",
  anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }],
};

export const HEADERS: Schema = {
  type: "object",
  additionalProperties: {
    title: "a string or a list of strings",
    anyOf: [TEXT_VALUE, { type: "array", minItems: 1, items: TEXT_VALUE }],
  },
};

export const AUTH: Schema = {
  title: "a mapping with user and password, or with bearer",
  anyOf: [
    {
      type: "object",
      required: ["user", "password"],
      additionalProperties: false,
      properties: { user: { type: "string" }, password: { type: "string" } },
    },
    { type: "object", required: ["bearer"], additionalProperties: false, properties: { bearer: { type: "string" } } },
  ],
};

export const TLS: Schema = {
  type: "object",
  minProperties: 1,
  additionalProperties: false,
  properties: {
    ca: { type: "string", description: "authorities to trust besides the system's: PEM, or a path" },
    cert: { type: "string", description: "client certificate: PEM, or a path" },
    key: { type: "string", description: "its key: PEM, or a path" },
    insecure: { type: "boolean", description: "do not verify the server's certificate" },
    server_name: { type: "string", description: "the name to ask for and to find in the certificate" },
  },
};
