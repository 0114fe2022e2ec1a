/** Every function there is, called with arguments of every kind. The input: Lua code, one call a line. */
import fc from "fast-check";
import { allLibraries } from "../../../builtins/index.ts";
import { sandboxLibraries } from "../../../interpreter/index.ts";
import { type Declaration, kindsOf } from "../../../interpreter/native.ts";
import { Machine } from "../machine.ts";
import type { Target } from "../target.ts";

/** Waits as long as it is told, which says nothing. */
const WAITS = new Set(["sleep", "async.timeout", "ws.recv"]);

interface Callable {
  readonly name: string;
  readonly declaration: Declaration;
}

function callables(): { functions: Callable[]; methods: string[] } {
  const functions: Callable[] = [];
  const methods: string[] = [];
  for (const library of [...allLibraries(), ...sandboxLibraries]) {
    for (const declaration of library.functions) {
      const name = library.name === "_G" ? declaration.name : `${library.name}.${declaration.name}`;
      if (!WAITS.has(name)) functions.push({ name, declaration });
    }
    for (const kind of kindsOf(library)) methods.push(...kind.methods.map(({ name }) => name));
  }
  return { functions, methods };
}

const VALUES = [
  ..."nil true false 0 1 -1 2 3.0 1.5 1e300 0/0 1/0 -1/0 math.mininteger math.maxinteger {} {1,2,3} {a=1} {{}} print json.null".split(
    " ",
  ),
  "''",
  "'a'",
  "'b=c'",
  "'1'",
  "'0x10'",
  "'\\xff\\0'",
  "'h\\u{e9}'",
  "('x'):rep(5000)",
  "'[1, {\"a\": null}]'",
  "'a: [1, 2]'",
  "'sha256'",
  "'hex'",
  "'%d %s'",
  "'(a+)|b'",
  "'{{ a }}'",
  "'http://127.0.0.1:1/'",
  "'ws://127.0.0.1:1/'",
  "'sqlite::memory:'",
  "'postgres://u:p@127.0.0.1:1/d'",
  "'/nonexistent/x'",
  "'..'",
  "'select 1'",
  "'GET'",
  "{[1]=1,[3]=3}",
  "{[1.5]=1,[true]=2}",
  "{1, 2, n = 5}",
  "cycle",
  "strange",
  "raising",
  "failing",
  "waiting",
  "function(...) return ... end",
  "function() error({}) end",
  "function() sleep(0) return 1, 2 end",
  "coroutine.create(print)",
  "coroutine.wrap(function() coroutine.yield(1) end)",
  "async.channel(1)",
  "async.spawn(function() return 1 end)",
  "memory",
  "db.connect",
  "({json.parse('{\"a\":[]}')})[1]",
  "json.array({})",
  "json.object({})",
  "string",
  "_G",
];

/** Known to every line. */
const START = `local memory = memory
local cycle = {} cycle.a = cycle cycle[1] = cycle
local strange = setmetatable({}, {__index = function(_, k) return k end, __len = function() return 3 end, __call = function(_, x) return x end, __tostring = function() return 1 end, __pairs = function() return next, {} end, __eq = function() return true end, __name = "odd"})
local raising = setmetatable({}, {__index = error, __newindex = error, __len = error, __tostring = error, __call = error, __lt = error, __concat = error})
local waiting = setmetatable({}, {__index = function() sleep(0) return 1 end, __len = function() sleep(0) return 2 end, __tostring = function() sleep(0) return "w" end, __pairs = function() sleep(0) return next, {1} end})
local function failing() error("on purpose") end
`;

function calls(): fc.Arbitrary<string> {
  const { functions, methods } = callables();
  const value = fc.oneof(
    { weight: 10, arbitrary: fc.constantFrom(...VALUES) },
    {
      weight: 1,
      arbitrary: fc.tuple(fc.constantFrom(...VALUES), fc.constantFrom(...VALUES)).map(([a, b]) => `{${a}, k = ${b}}`),
    },
  );
  const argumentsOf = ({ params }: Declaration): fc.Arbitrary<string> => {
    const parts = params.map((parameter) => {
      const options = parameter.fields?.map(({ name }) => name) ?? [];
      if (options.length === 0) return value;
      const table = fc
        .array(fc.tuple(fc.constantFrom(...options, "unknown"), value), { maxLength: 4, size: "max" })
        .map((fields) => `{${fields.map(([name, given]) => `${name} = ${given}`).join(", ")}}`);
      return fc.oneof({ weight: 4, arbitrary: table }, { weight: 1, arbitrary: value });
    });
    return fc
      .tuple(fc.nat(parts.length + 1), ...parts, value)
      .map(([count, ...list]) => list.slice(0, count).join(", "));
  };
  const call = fc.oneof(
    ...functions.map(({ name, declaration }) =>
      argumentsOf(declaration).map((list) => `show(pcall(${name}${list === "" ? "" : ", "}${list}))`),
    ),
  );
  const method = fc
    .tuple(
      fc.constantFrom(
        "memory",
        "async.channel(1)",
        "async.spawn(print)",
        "'text'",
        "http.client({base = 'http://127.0.0.1:1'})",
      ),
      fc.constantFrom(...methods),
      fc.array(value, { maxLength: 3, size: "max" }),
    )
    .map(
      ([object, name, list]) => `local o = ${object} show(pcall(function() return o:${name}(${list.join(", ")}) end))`,
    );
  return fc
    .array(fc.oneof({ weight: 6, arbitrary: call }, { weight: 1, arbitrary: method }), {
      minLength: 1,
      maxLength: 3,
      size: "max",
    })
    .map((lines) => lines.join("\n"));
}

export const builtins: Target = {
  name: "builtins",
  summary: "every function with arguments of every kind",
  cases: 1500,
  limitMs: 1500,
  open: async () => {
    const machine = new Machine(
      `local source, start = ...
      local fn = try(function() return assert(load(start .. source, "=input")) end)
      if not fn then return end
      memory = memory or db.connect("sqlite::memory:")
      local shown = {}
      -- Errors are judged as the function raises them; results must be Lua's values.
      function show(ok, ...)
        if ok then shown[#shown + 1] = table.pack(...) else note(false, ...) end
      end
      local before = {}
      for k, v in next, _G do before[k] = v end
      try(fn)
      for k in next, _G do if before[k] == nil then _G[k] = nil end end
      for k, v in next, before do _G[k] = v end
      return shown`,
      { timeoutMs: 400, keepsOpen: true },
    );
    const generated = calls();
    const seeds = [
      "show(pcall(json.parse, '[1]'))",
      "show(pcall(string.rep, 'x', -1))",
      "show(pcall(http.get, 'http://127.0.0.1:1/', {timeout = 1}))",
    ];
    const run = (input: string): Promise<string> => machine.run(input, START);
    return { seeds, pieces: VALUES, generated, run, close: () => machine.close() };
  },
};
