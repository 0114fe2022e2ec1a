import { expect, test } from "bun:test";
import { runFull } from "../full.ts";

const lines = (source: string) => `
  local got = {}
  local chunk = load(${JSON.stringify(source).replaceAll("\\n", "\\n")})
  debug.sethook(function(_, line) got[#got + 1] = line end, "l"); chunk(); debug.sethook()
  return table.concat(got, " ")`;
