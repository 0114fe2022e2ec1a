/** Lua programs out of nothing: short, seldom syntactically wrong, with all kinds of values in all kinds of places. */
import fc from "fast-check";

const name = fc.constantFrom("a", "b", "c", "t", "f", "co", "s", "_ENV.a", "t.x", "t[1]", "self");
const local = fc.constantFrom("a", "b", "c", "t", "f", "co", "s");
const literal = fc.constantFrom(
  ..."nil true false 0 1 -1 2 3.0 0.5 1e308 1/0 0/0 0x7fffffffffffffff math.mininteger '' 'a' '10' '0x1p4' [[long]] {} {1,2,3} {x=1}".split(
    " ",
  ),
  "{[1.5]=1,...}",
  "print",
  "('x'):rep(100)",
  "setmetatable({}, t)",
);
const binary = fc.constantFrom(
  ..."+ - * / // % ^ .. == ~= < <= > >= and or & | ~ << >>".split(" ").map((operator) => ` ${operator} `),
);
const unary = fc.constantFrom("-", "not ", "#", "~");
const called = fc.constantFrom(
  ..."f print pcall error select tostring tonumber type next pairs ipairs rawget rawset rawlen rawequal setmetatable getmetatable load assert collectgarbage".split(
    " ",
  ),
  ..."string.rep string.format string.gsub string.find string.byte string.char string.sub string.pack string.unpack".split(
    " ",
  ),
  ..."table.concat table.insert table.remove table.sort table.unpack table.pack table.move table.create".split(" "),
  ..."coroutine.wrap coroutine.create coroutine.resume coroutine.yield coroutine.close coroutine.status coroutine.running".split(
    " ",
  ),
  ..."math.floor math.max math.random math.tointeger math.fmod utf8.char utf8.codepoint utf8.len xpcall warn require".split(
    " ",
  ),
);
const event = fc.constantFrom(
  ..."__index __newindex __call __add __concat __len __eq __lt __le __gc __close __mode __name __tostring __pairs __metatable __unm __idiv __shl".split(
    " ",
  ),
);

const { block } = fc.letrec<{ expression: string; list: string; fn: string; statement: string; block: string }>(
  (tie) => ({
    expression: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 4, arbitrary: literal },
      { weight: 4, arbitrary: name },
      {
        weight: 3,
        arbitrary: fc.tuple(tie("expression"), binary, tie("expression")).map(([a, op, b]) => `(${a}${op}${b})`),
      },
      { weight: 1, arbitrary: fc.tuple(unary, tie("expression")).map(([op, a]) => `(${op}${a})`) },
      { weight: 3, arbitrary: fc.tuple(called, tie("list")).map(([fn, args]) => `${fn}(${args})`) },
      { weight: 1, arbitrary: fc.tuple(name, tie("list")).map(([object, args]) => `${object}:x(${args})`) },
      { weight: 2, arbitrary: tie("fn") },
      { weight: 1, arbitrary: fc.tuple(tie("expression"), tie("expression")).map(([k, v]) => `{[${k}] = ${v}, ${v}}`) },
      { weight: 1, arbitrary: fc.tuple(event, tie("fn")).map(([e, fn]) => `setmetatable({}, {${e} = ${fn}})`) },
    ),
    list: fc.array(tie("expression"), { maxLength: 3, size: "max" }).map((list) => list.join(", ")),
    fn: fc
      .tuple(fc.constantFrom("", "a", "a, b", "...", "a, ..."), tie("block"), tie("list"))
      .map(([parameters, body, list]) => `function(${parameters}) ${body} return ${list} end`),
    statement: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      { weight: 4, arbitrary: fc.tuple(name, tie("expression")).map(([n, e]) => `${n} = ${e}`) },
      { weight: 3, arbitrary: fc.tuple(local, tie("list")).map(([n, e]) => `local ${n}, b = ${e === "" ? "nil" : e}`) },
      {
        weight: 3,
        arbitrary: fc
          .tuple(called, tie("list"))
          .map(([fn, args]) => `print(pcall(${args === "" ? fn : `${fn}, ${args}`}))`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(local, fc.constantFrom("close", "const"), tie("expression"))
          .map(([n, attribute, e]) => `local ${n} <${attribute}> = ${e}`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie("expression"), tie("block"), tie("block"))
          .map(([e, a, b]) => `if ${e} then ${a} else ${b} end`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie("expression"), tie("expression"), tie("block"))
          .map(([a, b, body]) => `for i = ${a}, ${b} do ${body} if i == 5 then break end end`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie("list"), tie("block"))
          .map(([e, body]) => `for k, v in ${e === "" ? "pairs(t)" : e} do ${body} break end`),
      },
      {
        weight: 1,
        arbitrary: fc
          .tuple(tie("expression"), tie("block"))
          .map(([e, body]) => `while ${e} do ${body} goto done end ::done::`),
      },
      {
        weight: 1,
        arbitrary: fc.tuple(tie("expression"), tie("block")).map(([e, body]) => `repeat ${body} until ${e} or true`),
      },
      { weight: 1, arbitrary: fc.tuple(local, tie("fn")).map(([n, fn]) => `local function ${n}${fn.slice(8)}`) },
      { weight: 1, arbitrary: tie("block").map((body) => `do ${body} end`) },
      { weight: 1, arbitrary: fc.constantFrom("global *", "global a, b", "global function g() end", "goto x ::x::") },
    ),
    block: fc
      .array(tie("statement"), { maxLength: 4, size: "max", depthIdentifier: "block" })
      .map((list) => list.join("\n")),
  }),
);

const START =
  "local t = {10, 20, x = 'y', __index = function(_, k) return k end}\nlocal function f(...) return ... end\nlocal co = coroutine.wrap(f)\nlocal a, b, c, s = 1, 2.5, nil, 'text'\n";

export const programs: fc.Arbitrary<string> = block.map((body) => START + body);
