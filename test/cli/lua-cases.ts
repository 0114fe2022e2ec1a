/** Uses of the `lua` command. What is expected is what the reference does, but for its version line and its usage. */
export interface LuaCase {
  readonly name: string;
  readonly args: readonly string[];
  readonly stdin?: string;
  readonly env?: Record<string, string>;
  /** Files in the current directory. */
  readonly files?: Record<string, string>;
  readonly stdout?: string | RegExp;
  readonly stderr?: string | RegExp;
  readonly status?: number;
}

const VERSION = "Lua 5\\.5[^\\n]*PUC-Rio\\n";
const TRACE = "stack traceback:\n";

export const LUA_CASES: readonly LuaCase[] = [
  { name: "-e", args: ["-e", "print(1)", "-eprint(2)", "-e", "x = 3", "-e", "print(x)"], stdout: "1\n2\n3\n" },
  {
    name: "a script and its arguments",
    args: ["-e", "y = 1", "s.lua", "a", "-x"],
    files: { "s.lua": "print(#arg, arg[0], arg[1], arg[2], arg[-1], arg[-2], arg[-3], arg[-4], ...)" },
    stdout: "2\ts.lua\ta\t-x\ty = 1\t-e\tlua\tnil\ta\t-x\n",
  },
  {
    name: "no script: arg[0] is the command",
    args: ["-e", "print(arg[0], arg[1], arg[2])"],
    stdout: "lua\t-e\tprint(arg[0], arg[1], arg[2])\n",
  },
  { name: "standard input as the script", args: [], stdin: "print(...)\nprint(arg[0])", stdout: "\nlua\n" },
  { name: "- and arguments", args: ["-", "a", "b"], stdin: "print(arg[0], ...)", stdout: "-\ta\tb\n" },
  { name: "-- ends the options", args: ["--", "-e"], files: { "-e": "print('file')" }, stdout: "file\n" },
  {
    name: "-- and - is a file",
    args: ["--", "-"],
    stderr: "lua: cannot open -: No such file or directory\n",
    status: 1,
  },
  {
    name: "scripts read standard input",
    args: ["s.lua"],
    files: { "s.lua": "print(io.read('l', 'n'))" },
    stdin: "x\n5",
    stdout: "x\t5\n",
  },
  {
    name: "-l",
    args: ["-l", "one", "-lstring", "-lm=math", "-l", "two-v2", "-e", "print(one, string == _G.string, m.pi > 3, two)"],
    files: { "one.lua": "return 'module'", "two-v2.lua": "return ..." },
    stdout: "module\ttrue\ttrue\ttwo-v2\n",
  },
  {
    name: "-l of what is not there",
    args: ["-l", "none"],
    stderr: /^lua: module 'none' not found:\n\tno field package\.preload\['none'\]\n/,
    status: 1,
  },
  { name: "-v", args: ["-v"], stdout: new RegExp(`^${VERSION}$`) },
  { name: "-v and code", args: ["-v", "-e", "print(1)"], stdout: new RegExp(`^${VERSION}1\n$`) },
  { name: "-W", args: ["-W", "-e", "warn('a', 'b') warn('@off') warn('c')"], stderr: "Lua warning: ab\n" },
  { name: "warnings are off", args: ["-e", "warn('a') warn('@on') warn('b')"], stderr: "Lua warning: b\n" },
  { name: "LUA_INIT", args: ["-e", "print(x)"], env: { LUA_INIT: "x = 1" }, stdout: "1\n" },
  { name: "LUA_INIT_5_5", args: ["-e", "print(x)"], env: { LUA_INIT: "x = 1", LUA_INIT_5_5: "x = 2" }, stdout: "2\n" },
  {
    name: "LUA_INIT of a file",
    args: ["-e", "print(x)"],
    env: { LUA_INIT: "@i.lua" },
    files: { "i.lua": "x = arg[1]" },
    stdout: "-e\n",
  },
  {
    name: "LUA_INIT that fails",
    args: ["-e", "print(1)"],
    env: { LUA_INIT: "error('no')" },
    stderr: `lua: LUA_INIT:1: no\n${TRACE}\t[C]: in global 'error'\n\tLUA_INIT:1: in main chunk\n\t[C]: in ?\n`,
    status: 1,
  },
  {
    name: "-E",
    args: ["-E", "-e", "print(package.path:sub(1, 5))"],
    env: { LUA_INIT: "error()", LUA_PATH: "x" },
    stdout: "/usr/\n",
  },
  {
    name: "LUA_PATH",
    args: ["-e", "print(package.path, package.cpath)"],
    env: { LUA_PATH: "a;b", LUA_CPATH_5_5: "c", LUA_CPATH: "d" },
    stdout: "a;b\tc\n",
  },
  {
    name: "LUA_PATH with the default",
    args: ["-e", "print(package.path:sub(1, 7), package.path:sub(-12))"],
    env: { LUA_PATH: "a;;b" },
    stdout: "a;/usr/\t?/init.lua;b\n",
  },
  {
    name: "an error",
    args: ["s.lua"],
    files: { "s.lua": "local function f()\n  error('no')\nend\nf()" },
    stderr: `lua: s.lua:2: no\n${TRACE}\t[C]: in global 'error'\n\ts.lua:2: in local 'f'\n\ts.lua:4: in main chunk\n\t[C]: in ?\n`,
    status: 1,
  },
  {
    name: "an error object with words",
    args: ["-e", "error(setmetatable({}, { __tostring = function() return 'words' end }))"],
    stderr: "lua: words\n",
    status: 1,
  },
  {
    name: "an error object without words",
    args: ["-e", "error({})"],
    stderr: `lua: (error object is a table value)\n${TRACE}\t[C]: in global 'error'\n\t(command line):1: in main chunk\n\t[C]: in ?\n`,
    status: 1,
  },
  { name: "no error object", args: ["-e", "error()"], stderr: /^lua: .*nil|^lua: <no error object>/, status: 1 },
  {
    name: "a syntax error",
    args: ["s.lua"],
    files: { "s.lua": "x =" },
    stderr: "lua: s.lua:1: unexpected symbol near <eof>\n",
    status: 1,
  },
  {
    name: "a syntax error in -e",
    args: ["-e", "x y"],
    stderr: "lua: (command line):1: syntax error near 'y'\n",
    status: 1,
  },
  {
    name: "a file that is not there",
    args: ["none.lua"],
    stderr: "lua: cannot open none.lua: No such file or directory\n",
    status: 1,
  },
  {
    name: "arg that is no table",
    args: ["-e", "arg = 1", "-"],
    stdin: "",
    stderr: "lua: 'arg' is not a table\n",
    status: 1,
  },
  { name: "arg that was changed", args: ["-e", "arg[1] = 100", "-"], stdin: "print(...)", stdout: "100\n" },
  {
    name: "an unknown option",
    args: ["-h"],
    stderr: /^lua: unrecognized option '-h'\nusage: lua \[options\] \[script \[args\]\]\n/,
    status: 1,
  },
  { name: "an option too many letters", args: ["-vv"], stderr: /^lua: unrecognized option '-vv'\n/, status: 1 },
  { name: "-e without code", args: ["-e"], stderr: /^lua: '-e' needs argument\n/, status: 1 },
  { name: "-l without a name", args: ["-l", "-v"], stderr: /^lua: '-l' needs argument\n/, status: 1 },
  { name: "os.exit", args: ["-e", "io.write('x') os.exit(7)"], stdout: "x", status: 7 },
  { name: "os.exit of truth", args: ["-e", "os.exit(false)"], status: 1 },
  {
    name: "os.exit leaves variables alone",
    args: ["-e", "local x <close> = setmetatable({}, { __close = function() print('closed') end }) os.exit(0)"],
    stdout: "",
  },
  {
    name: "os.exit that closes",
    args: [
      "-e",
      "local x <close> = setmetatable({}, { __close = function(_, e) print('closed', e) end }) os.exit(3, true)",
    ],
    stdout: "closed\tnil\n",
    status: 3,
  },
  {
    name: "finalizers at the end",
    args: ["-e", "for i = 1, 3 do _G[i] = setmetatable({}, { __gc = function() print(i) end }) end"],
    stdout: "3\n2\n1\n",
  },
  {
    name: "open files at the end",
    args: ["-e", "io.output('out') io.write('x') f = io.popen('cat out; cat', 'w') f:write('y')"],
    stdout: /^x?y$/,
  },
  {
    name: "order of print and of commands",
    args: ["-e", "print(1) os.execute('echo 2') print(3) io.stderr:write('')"],
    stdout: "1\n2\n3\n",
  },
  { name: "much output", args: ["-e", "for i = 1, 20000 do print(i) end"], stdout: /^1\n(\d+\n){19998}20000\n$/ },
  {
    name: "all libraries",
    args: [
      "-e",
      "for _, n in ipairs{ 'coroutine', 'debug', 'io', 'math', 'os', 'package', 'string', 'table', 'utf8' } do assert(require(n) == _G[n]) end",
    ],
  },
  {
    name: "-i: expressions and statements",
    args: ["-i"],
    stdin: "1 + 1\nx = 5\nx\nreturn x, nil\nprint(x)\n",
    stdout: new RegExp(`^${VERSION}> 2\n> > 5\n> 5\tnil\n> 5\n> \n$`),
  },
  {
    name: "-i: statements over lines",
    args: ["-i"],
    stdin: "for i = 1, 2 do\nprint(i)\nend\n",
    stdout: new RegExp(`^${VERSION}> >> >> 1\n2\n> \n$`),
  },
  {
    name: "-i: a statement that the input breaks off",
    args: ["-i"],
    stdin: "x =\n",
    stderr: "stdin:1: unexpected symbol near <eof>\n",
  },
  {
    name: "-i: errors",
    args: ["-i"],
    stdin: "error('no')\nx y\n",
    stderr: `stdin:1: no\n${TRACE}\t[C]: in global 'error'\n\tstdin:1: in main chunk\n\t[C]: in ?\nstdin:1: syntax error near 'y'\n`,
  },
  {
    name: "-i: prompts",
    args: ["-e", "_PROMPT, _PROMPT2 = 'a', setmetatable({}, { __tostring = function() return 'b' end })", "-i"],
    stdin: "x =\n1\n",
    stdout: new RegExp(`^${VERSION}aba\n$`),
  },
  {
    name: "-i: shares standard input",
    args: ["-i"],
    stdin: "x = io.read()\ntyped\nx\n",
    stdout: new RegExp(`^${VERSION}> > typed\n> \n$`),
  },
  {
    name: "-i: warns of locals",
    args: ["-i"],
    stdin: " local x = 1\nlocals = 2\n",
    stderr: "warning: locals do not survive across lines in interactive mode\n",
  },
  {
    name: "-i: a print that fails",
    args: ["-e", "print = nil", "-i"],
    stdin: "1\n",
    stderr: "error calling 'print' (attempt to call a nil value)\n",
  },
  {
    name: "-i after a script",
    args: ["-i", "s.lua"],
    files: { "s.lua": "x = 7" },
    stdin: "x\n",
    stdout: new RegExp(`^${VERSION}> 7\n> \n$`),
  },
  {
    name: "debug.debug",
    args: ["-e", "debug.debug() print(x)"],
    stdin: "x = 1\nerror('no')\ny =\ncont\nrest",
    stderr:
      "lua_debug> lua_debug> (debug command):1: no\nlua_debug> (debug command):2: unexpected symbol near <eof>\nlua_debug> ",
    stdout: "1\n",
  },
];
