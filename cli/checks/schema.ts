/**
 * The JSON Schema (draft 7) of check files. `assay schema` prints it for editors, and validate.ts checks files by this
 * very object, so that the two cannot differ. What a schema cannot say (unique names, `min` below `max`, scripts that
 * parse …) is in rules.ts and in the types themselves.
 */
import { PERMISSIONS } from "./permissions.ts";
import { COUNT, DURATION, JQ, oneOrMore, type Schema, SOME_TEXT, TIMEOUT } from "./schema-parts.ts";
import { CHECK_TYPES } from "./types/index.ts";

const BACKOFF: Schema = {
  title: "a duration or a mapping with initial, factor, max and jitter",
  anyOf: [
    DURATION,
    {
      type: "object",
      minProperties: 1,
      additionalProperties: false,
      properties: {
        initial: DURATION,
        factor: { type: "number", minimum: 1 },
        max: DURATION,
        jitter: { type: "boolean", description: "wait a random part of it, from half on" },
      },
    },
  ],
};

/** Keys of the whole file. */
const FILE_KEYS: Readonly<Record<string, Schema>> = {
  timeout: { ...TIMEOUT, description: "all checks together", default: "120s" },
  retries: { ...COUNT, description: "further attempts of a failed check", default: 0 },
  backoff: { ...BACKOFF, description: "wait before each of them", default: "1s" },
  until: { ...JQ, description: "jq condition on each check's result, instead of a number of retries" },
  parallel: {
    title: "true, false or a number of checks",
    anyOf: [{ type: "boolean" }, { type: "integer", minimum: 1 }],
    description: "true: all at once; a number: that many at a time",
    default: false,
  },
  cleanup_timeout: { ...TIMEOUT, description: "for each check's cleanup, also after a signal", default: "10s" },
  defaults: { type: "object", description: "merged into every check, as far as its type has these keys" },
  vars: { type: "object", description: "usable as ${{ vars.NAME }}" },
  include: oneOrMore("a path or a list of paths"),
  secrets: {
    type: "array",
    items: { type: "string", minLength: 1 },
    description: "environment variables whose values are masked",
  },
  permissions: PERMISSIONS,
  checks: { type: "array", minItems: 1, items: { $ref: "#/$defs/check" } },
};

/** Keys that every check may have. */
export const CHECK_KEYS: Readonly<Record<string, Schema>> = {
  name: { type: "string", minLength: 1, pattern: SOME_TEXT, description: "unique in the run" },
  type: { type: "string", enum: CHECK_TYPES.map((type) => type.name) },
  description: { type: "string" },
  timeout: { ...TIMEOUT, description: "of one attempt; with until, of all of them", default: "30s" },
  retries: COUNT,
  backoff: BACKOFF,
  until: { ...JQ, description: "jq condition on the result: try again until it is true" },
  tags: oneOrMore("a tag or a list of tags"),
  foreach: {
    title: "a list",
    anyOf: [
      { type: "array", minItems: 1 },
      { type: "string", pattern: "^\\$\\{\\{.*\\}\\}$" },
    ],
    description: "one check per item, usable as ${{ item }}",
  },
  matrix: {
    type: "object",
    minProperties: 1,
    additionalProperties: { type: "array", minItems: 1 },
    description: "one check per combination, usable as ${{ matrix.KEY }}",
  },
  if: {
    ...JQ,
    description:
      "jq condition over the variables (also under .vars, with .captures): when it is not true, the check is skipped",
  },
  needs: oneOrMore("the name of a check or a list of names"),
  capture: {
    type: "object",
    minProperties: 1,
    additionalProperties: JQ,
    description: "jq expressions over the result, usable as ${{ captures.NAME }}",
  },
  cleanup: {
    type: "array",
    minItems: 1,
    items: { $ref: "#/$defs/step" },
    description: "steps that always run afterwards",
  },
};

/** Keys of one step of a check. */
const STEP_KEYS = ["name", "type", "timeout", "capture"];

/** The schema of the whole file. */
export function checkFileSchema(): Schema {
  const types = CHECK_TYPES.map((type) => type.name);
  const $defs: Record<string, Schema> = {};
  for (const type of CHECK_TYPES) {
    const fields: Record<string, Schema> = { ...type.fields };
    if (type.expect !== undefined) fields.expect = expectSchema(type.expect);
    const required = [...type.required, ...(type.expectRequired === true ? ["expect"] : [])];
    $defs[type.name] = {
      type: "object",
      description: type.summary,
      required: ["name", "type", ...required],
      additionalProperties: false,
      properties: { ...CHECK_KEYS, ...fields },
    };
    $defs[`${type.name}_step`] = {
      type: "object",
      required,
      additionalProperties: false,
      properties: { ...Object.fromEntries(STEP_KEYS.map((key) => [key, CHECK_KEYS[key]!])), ...fields },
    };
  }
  $defs.steps = {
    type: "object",
    description: "several steps in order, sharing captures",
    required: ["name", "steps"],
    additionalProperties: false,
    properties: { ...CHECK_KEYS, steps: { type: "array", minItems: 1, items: { $ref: "#/$defs/step" } } },
  };
  $defs.check = {
    type: "object",
    allOf: [
      // biome-ignore lint/suspicious/noThenProperty: the name of the keyword in JSON Schema
      { if: { required: ["steps"] }, then: { $ref: "#/$defs/steps" } },
      ...types.map((name) => ({
        if: { required: ["type"], not: { required: ["steps"] }, properties: { type: { const: name } } },
        // biome-ignore lint/suspicious/noThenProperty: the name of the keyword in JSON Schema
        then: { $ref: `#/$defs/${name}` },
      })),
      {
        if: { not: { required: ["steps"] } },
        // biome-ignore lint/suspicious/noThenProperty: the name of the keyword in JSON Schema
        then: { required: ["name", "type"], properties: { type: CHECK_KEYS.type! } },
      },
    ],
    properties: { type: CHECK_KEYS.type! },
  };
  $defs.step = {
    type: "object",
    description: "one request of a check; its type is the check's, or http, unless it says otherwise",
    allOf: types.map((name) => ({
      if: { required: ["type"], properties: { type: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: the name of the keyword in JSON Schema
      then: { $ref: `#/$defs/${name}_step` },
    })),
    properties: { type: CHECK_KEYS.type! },
  };
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Assay check file",
    type: "object",
    additionalProperties: false,
    anyOf: [{ required: ["checks"] }, { required: ["include"] }],
    properties: FILE_KEYS,
    $defs,
  };
}

/** An `expect` is never empty: an empty one would expect nothing while it looks as if it did. */
function expectSchema(properties: Readonly<Record<string, Schema>>): Schema {
  return { type: "object", minProperties: 1, additionalProperties: false, properties };
}

/** Which check types have a key, for messages about a key that another type does not have. */
export function elsewhere(key: string): string | undefined {
  const owners = CHECK_TYPES.filter((type) => Object.hasOwn(type.fields, key) || Object.hasOwn(type.expect ?? {}, key));
  return owners.length === 0 ? undefined : `a key of ${owners.map((type) => type.name).join(" and ")} checks`;
}
