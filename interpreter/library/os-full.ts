/** Operating system facilities (manual §6.10), the part that only scripts without a sandbox get. */
import { closeSync, openSync, renameSync, rmdirSync, statSync, unlinkSync } from "node:fs";
import { failure, Stop } from "../error.ts";
import { any, checkIndex, checkString, type Library, library, optional, rawFn, returns, string } from "../native.ts";
import { state } from "../state.ts";
import { type Results, truthy, type Value } from "../value.ts";
import { checkOption } from "./io-file.ts";
import { shellArguments, signalNumber } from "./io-process.ts";
import { flushAll } from "./io-stream.ts";
import { ended, failed, shownPath, systemError, systemPath } from "./system-error.ts";

const source = "Lua manual §6.10";
/** Where the reference makes temporary files (LUA_TMPNAMTEMPLATE). */
const TEMPORARY = "/tmp/lua_";
const LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const NAME_LENGTH = 6;
const MAX_TRIES = 100;
const NOT_RUN = 127;

function execute(command?: Value): Results {
  if (command === undefined) return statSync("/bin/sh", { throwIfNoEntry: false }) !== undefined;
  const args = shellArguments(checkString(command, 1));
  flushAll();
  try {
    const child = Bun.spawnSync(args, { stdin: "inherit", stdout: "inherit", stderr: "inherit" });
    return ended(child.exitCode, signalNumber(child.signalCode ?? null));
  } catch (thrown) {
    const error = systemError(thrown);
    return error.code === "ENOENT" ? ended(NOT_RUN, undefined) : failed(error);
  }
}

function exit(code?: Value, close?: Value): never {
  const status = typeof code === "boolean" ? (code ? 0 : 1) : code === undefined ? 0 : checkIndex(code, 1);
  const { exit: end } = state.vm;
  if (!truthy(close) && end !== undefined) end(status & 0xff);
  throw new Stop("exit", "", status & 0xff);
}

/** Deletes a file, or an empty directory. */
function remove(pathValue?: Value): Results {
  const path = checkString(pathValue, 1);
  const name = systemPath(path);
  try {
    try {
      unlinkSync(name);
    } catch (thrown) {
      // Not all systems tell a directory from a file that must not be deleted.
      const { code } = systemError(thrown);
      if (code !== "EISDIR" && code !== "EPERM") throw thrown;
      rmdirSync(name);
    }
    return true;
  } catch (thrown) {
    return failed(systemError(thrown), shownPath(path));
  }
}

function rename(from?: Value, to?: Value): Results {
  try {
    renameSync(systemPath(checkString(from, 1)), systemPath(checkString(to, 2)));
    return true;
  } catch (thrown) {
    return failed(systemError(thrown));
  }
}

function randomName(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(NAME_LENGTH));
  return TEMPORARY + Array.from(bytes, (byte) => LETTERS[byte % LETTERS.length]).join("");
}

function tmpname(): string {
  for (let tries = 1; ; tries++) {
    const path = randomName();
    try {
      closeSync(openSync(path, "wx", 0o600));
      return path;
    } catch (thrown) {
      if (systemError(thrown).code !== "EEXIST" || tries >= MAX_TRIES) {
        throw failure("unable to generate a unique filename");
      }
    }
  }
}

const CATEGORIES = ["all", "collate", "ctype", "monetary", "numeric", "time"];

/** There is one locale. */
function setlocale(localeValue?: Value, category?: Value): Value {
  const locale = localeValue === undefined ? "C" : checkString(localeValue, 1);
  checkOption(category, 2, CATEGORIES, "all");
  return locale === "C" || locale === "POSIX" || locale === "" ? "C" : undefined;
}

const outcome = [returns("ok", "boolean?"), returns("message", "string?"), returns("number", "integer?")];

export const osFullLibrary: Library = library("os", "Processes, files and the locale.", [
  rawFn(
    "execute",
    {
      summary: "Runs a command by the shell; without one, whether there is a shell.",
      params: [optional(string("command"))],
      returns: [
        returns("ok", "boolean?"),
        returns("how", "string", "`exit` or `signal`"),
        returns("number", "integer"),
      ],
      source,
    },
    execute,
  ),
  rawFn(
    "exit",
    {
      summary: "Ends the process with a status; closes everything first if `close` is true.",
      params: [optional(any("code", { type: "boolean|integer" })), optional(any("close", { type: "boolean" }))],
      returns: [],
      source,
    },
    exit,
  ),
  rawFn(
    "remove",
    { summary: "Deletes a file or an empty directory.", params: [string("filename")], returns: outcome, source },
    remove,
  ),
  rawFn(
    "rename",
    { summary: "Renames a file.", params: [string("oldname"), string("newname")], returns: outcome, source },
    rename,
  ),
  rawFn(
    "setlocale",
    {
      summary: "Sets or tells the locale: there is only `C`.",
      params: [optional(string("locale")), optional(string("category"))],
      returns: [returns("locale", "string?")],
      source,
    },
    setlocale,
  ),
  rawFn(
    "tmpname",
    {
      summary: "The name of a new temporary file.",
      params: [],
      returns: [returns("filename", "string")],
      raises: ["When none can be made."],
      source,
    },
    tmpname,
  ),
]);
