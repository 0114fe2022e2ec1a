/** Lua chunks about files, true in the reference implementation as well. The global `dir` is an empty directory. */
export const IO_CASES: readonly (readonly [name: string, chunk: string])[] = [
  [
    "open: modes",
    `local name = dir .. "/f"
     for _, mode in ipairs{ "", "x", "rw", "+", "r+x", "rb+", "b", "R", "rbt" } do
       local ok, message = pcall(io.open, name, mode)
       assert(not ok and message == "bad argument #2 to 'io.open' (invalid mode)", message)
     end
     for _, mode in ipairs{ "w", "wb", "w+", "w+b", "a", "ab", "a+", "a+b", "r", "rb", "r+", "r+b", "rbb" } do
       assert(io.open(name, mode)):close()
     end`,
  ],
  [
    "open: failures name the file and the reason",
    `local f, message, number = io.open(dir .. "/none")
     assert(f == nil and message == dir .. "/none: No such file or directory" and number == 2)
     f, message, number = io.open(dir, "w")
     assert(f == nil and message == dir .. ": Is a directory" and number == 21)
     f, message, number = io.open(dir .. "/none/f", "w")
     assert(message == dir .. "/none/f: No such file or directory")
     f, message, number = io.open("")
     assert(message == ": No such file or directory")
     f, message = io.open(dir .. "/none\\0more")
     assert(message == dir .. "/none: No such file or directory")
     local _, argument = pcall(io.open)
     assert(argument == "bad argument #1 to 'io.open' (string expected, got no value)")`,
  ],
  [
    "names of any bytes",
    `local name = dir .. "/\\xe9\\xff\\xc3\\xa4"
     assert(io.open(name, "w")):write("x"):close()
     local list = io.popen("ls " .. dir)
     assert(list:read("l") == "\\xe9\\xff\\xc3\\xa4")
     list:close()
     assert(os.remove(name))`,
  ],
  [
    "a directory opens, but does not read",
    `local f = assert(io.open(dir))
     local line, message, number = f:read()
     assert(line == nil and message == "Is a directory" and number == 21)
     local ok, error = pcall(f:lines())
     assert(not ok and error == "Is a directory")
     f:close()`,
  ],
  [
    "type",
    `local f = assert(io.open(dir .. "/f", "w"))
     assert(io.type(f) == "file" and io.type(io.stdin) == "file" and io.type(1) == nil and io.type({}) == nil)
     assert(tostring(f):find("^file %(0x%x+%)$"))
     assert(f:close() == true and io.type(f) == "closed file" and tostring(f) == "file (closed)")
     assert(select(2, pcall(io.type)) == "bad argument #1 to 'io.type' (value expected)")
     assert(getmetatable(f).__name == "FILE*" and getmetatable(f).__index.read == f.read)
     assert(debug.getregistry()["FILE*"] == getmetatable(f))`,
  ],
  [
    "closed files",
    `local f = assert(io.open(dir .. "/f", "w"))
     f:close()
     for _, method in ipairs{ "close", "flush", "lines", "read", "seek", "setvbuf", "write" } do
       local ok, message = pcall(f[method], f)
       assert(not ok and message == "attempt to use a closed file", message)
     end
     local ok, message = pcall(function() f:read() end)
     assert(message:find("attempt to use a closed file", 1, true) and message:find("^[^:]+:%d+: "))
     io.output(dir .. "/f")
     io.close()
     assert(select(2, pcall(io.write, "x")) == "default output file is closed")
     io.output(io.stdout)
     io.input(dir .. "/f")
     io.close(io.input())
     assert(select(2, pcall(io.read)) == "default input file is closed")
     assert(select(2, pcall(io.lines)) == "attempt to use a closed file")
     io.input(io.stdin)`,
  ],
  [
    "standard files stay open",
    `for _, f in ipairs{ io.stdin, io.stdout, io.stderr } do
       local ok, message, number = f:close()
       assert(ok == nil and message == "cannot close standard file" and number == nil)
       assert(io.type(f) == "file")
     end
     assert(io.close() == nil)
     assert(select(2, pcall(io.close, nil)) == "bad argument #1 to 'io.close' (FILE* expected, got nil)")
     assert(select(2, pcall(io.stdin.close)) == "bad argument #1 to '?' (FILE* expected, got no value)")`,
  ],
  [
    "wrong selves",
    `local ok, message = pcall(function() local t = {}; io.stdin.read(t) end)
     assert(message:find("bad argument #1 to 'read' (FILE* expected, got table)", 1, true), message)
     ok, message = pcall(io.input, {})
     assert(message == "bad argument #1 to 'io.input' (FILE* expected, got table)")
     local index = setmetatable({}, { __index = getmetatable(io.stdin).__index })
     ok, message = pcall(function() index:read() end)
     assert(message:find("calling 'read' on bad self (FILE* expected, got table)", 1, true), message)`,
  ],
  [
    "read: lines",
    `local f = io.open(dir .. "/f", "w+")
     f:write("one\\n\\nthree\\r\\nlast"):seek("set")
     local a, b, c, d, e = f:read("l", "l", "L", "l", "l")
     assert(a == "one" and b == "" and c == "three\\r\\n" and d == "last" and e == nil)
     f:seek("set", 3)
     a, b, c = f:read("L", "*L", "*line")
     assert(a == "\\n" and b == "\\n" and c == "three\\r")
     assert(f:read() == "last" and f:read() == nil and f:read("L") == nil)
     f:close()`,
  ],
  [
    "read: bytes",
    `local f = io.open(dir .. "/f", "w+")
     local all = {}
     for i = 0, 255 do all[#all + 1] = string.char(i) end
     local text = table.concat(all)
     f:write(text):seek("set")
     assert(f:read(0) == "" and f:read(256) == text)
     assert(f:read(0) == nil and f:read(1) == nil and f:read("a") == "" and f:read("a") == "")
     f:seek("set", 10)
     assert(f:read(1, 2.0, 0) == text:sub(11, 11))
     local a, b, c, d = f:read(1000, 5, "a")
     assert(#a == 256 - 13 and b == nil and c == nil and d == nil)
     f:close()`,
  ],
  [
    "read: stops at the first failure, and only then notices mistakes",
    `local f = io.open(dir .. "/f", "w+")
     f:write("line\\nx"):seek("set")
     local count = select("#", f:read("l", "n", "l"))
     assert(count == 2)
     f:seek("set")
     local ok, message = pcall(f.read, f, "l", "x")
     assert(not ok and message == "bad argument #3 to '?' (invalid format)", message)
     assert(f:read() == "x")
     assert(f:read("n", "x") == nil)
     for _, format in ipairs{ "", "*", "x", "**l", "5" } do
       ok, message = pcall(f.read, f, format)
       assert(message == "bad argument #2 to '?' (invalid format)", message)
     end
     assert(select(2, pcall(f.read, f, 1.5)) == "bad argument #2 to '?' (number has no integer representation)")
     assert(select(2, pcall(f.read, f, {})) == "bad argument #2 to '?' (string expected, got table)")
     f:close()`,
  ],
  [
    "read: numbers",
    `local f = io.open(dir .. "/f", "w+")
     local function numbers(text)
       f:close()
       f = io.open(dir .. "/f", "w+")
       f:write(text):seek("set")
       local found = {}
       for i = 1, 20 do
         local n = f:read("n")
         if n == nil then break end
         found[i] = math.type(n) .. ":" .. n
       end
       return table.concat(found, " ") .. "|" .. f:read("a")
     end
     assert(numbers("  12 -7\\t+3 0x1F\\n.5 5. 1e2 ") == "integer:12 integer:-7 integer:3 integer:31 float:0.5 float:5.0 float:100.0|")
     assert(numbers("12abc") == "integer:12|abc")
     assert(numbers("0x.8p1 0xap-1") == "float:1.0 float:5.0|")
     assert(numbers("9223372036854775807 9223372036854775808") == "integer:9223372036854775807 float:9.2233720368547758e+18|")
     assert(numbers("1e+") == "|" and numbers("e5") == "|e5" and numbers("--5") == "|-5" and numbers(".") == "|")
     assert(numbers("0x") == "|" and numbers("0xg") == "|g" and numbers("nan") == "|nan" and numbers("1..2") == "float:1.0 float:0.2|")
     assert(numbers(("9"):rep(200)) == "float:1e+200|")
     assert(numbers(("9"):rep(201)) == "|9")
     assert(numbers("1 " .. (" "):rep(100000) .. "2") == "integer:1 integer:2|")
     f:close()`,
  ],
  [
    "read: across blocks",
    `local name = dir .. "/f"
     local f = io.open(name, "wb")
     local lines = {}
     for i = 1, 20000 do lines[i] = ("%d"):rep(i % 9):format(i, i, i, i, i, i, i, i) end
     local text = table.concat(lines, "\\n")
     assert(#text > 200000)
     f:write(text):close()
     local n = 0
     for line in io.lines(name) do n = n + 1; assert(line == lines[n]) end
     assert(n == 20000)
     f = io.open(name)
     assert(f:read("a") == text and f:seek() == #text)
     f:seek("set")
     local pieces = {}
     for _, size in ipairs{ 1, 70000, 65536, 3, 1 << 30 } do pieces[#pieces + 1] = f:read(size) end
     assert(table.concat(pieces) == text)
     f:seek("set", 1)
     assert(f:read(1, 100000) == text:sub(2, 2) and f:seek() == 100002)
     f:close()`,
  ],
  [
    "read: a long line",
    `local f = io.open(dir .. "/f", "w+")
     local long = ("x"):rep(1000000)
     f:write(long, "\\n", "y"):seek("set")
     assert(f:read("l") == long and f:read("L") == "y")
     f:close()`,
  ],
  [
    "read: what the file gains later",
    `local f = io.open(dir .. "/f", "w")
     local g = io.open(dir .. "/f")
     assert(g:read() == nil)
     f:write("more\\n"):flush()
     assert(g:read() == "more")
     f:close() g:close()`,
  ],
  [
    "reading a file that is open for writing fails, and the other way round",
    `local f = io.open(dir .. "/f", "w")
     for _, format in ipairs{ "l", "n", "a", 0, 1 } do
       local value, message, number = f:read(format)
       assert(value == nil and message == "Bad file descriptor" and number == 9)
     end
     f:close()
     f = io.open(dir .. "/f")
     local value, message, number, count = f:write("abc")
     assert(value == nil and message == "Bad file descriptor" and number == 9 and count == 0)
     assert(f:write() == f and f:write("") == f)
     f:close()`,
  ],
  [
    "write",
    `local f = io.open(dir .. "/f", "w+")
     assert(f:write() == f and f:write("a", 1, 1.0, -0.0, 1 << 62) == f)
     f:seek("set")
     assert(f:read("a") == "a11.0-0.04611686018427387904")
     assert(select(2, pcall(f.write, f, {})) == "bad argument #2 to '?' (string expected, got table)")
     assert(select(2, pcall(f.write, f, "x", nil)) == "bad argument #3 to '?' (string expected, got nil)")
     f:close()`,
  ],
  [
    "seek",
    `local f = io.open(dir .. "/f", "w+")
     assert(f:seek() == 0 and f:write("0123456789"):seek() == 10)
     assert(f:seek("set", 3) == 3 and f:read(2) == "34" and f:seek() == 5)
     assert(f:seek("cur", -1) == 4 and f:seek("cur") == 4 and f:read(1) == "4")
     assert(f:seek("end") == 10 and f:seek("end", -3) == 7 and f:read("a") == "789")
     assert(f:seek("set", 20) == 20 and f:write("x") and f:seek("set", 9) == 9)
     assert(f:read("a") == "9" .. ("\\0"):rep(10) .. "x")
     local at, message, number = f:seek("set", -1)
     assert(at == nil and message == "Invalid argument" and number == 22)
     assert(f:seek("set", math.maxinteger) == nil and f:seek("cur", math.mininteger) == nil)
     assert(f:seek() == 21)
     assert(select(2, pcall(f.seek, f, "x")) == "bad argument #2 to '?' (invalid option 'x')")
     assert(select(2, pcall(f.seek, f, "set", 1.5)) == "bad argument #3 to '?' (number has no integer representation)")
     f:close()`,
  ],
  [
    "reading and writing in turn",
    `local f = io.open(dir .. "/f", "w+")
     f:write("abcdefgh"):seek("set")
     assert(f:read(2) == "ab")
     f:seek("cur")
     f:write("XY")
     f:seek("cur")
     assert(f:read(2) == "ef" and f:seek() == 6)
     f:seek("set")
     assert(f:read("a") == "abXYefgh")
     f:close()`,
  ],
  [
    "append",
    `local name = dir .. "/f"
     io.open(name, "w"):write("one"):close()
     local f = io.open(name, "a")
     assert(f:seek() == 3 and f:write("two"):seek() == 6)
     f:seek("set")
     f:write("three"):close()
     f = io.open(name, "a+")
     assert(f:seek() == 0 and f:read("a") == "onetwothree")
     f:seek("set", 1)
     f:write("!")
     assert(f:seek() == 12)
     f:seek("set")
     assert(f:read("a") == "onetwothree!")
     f:close()`,
  ],
  [
    "setvbuf",
    `local name = dir .. "/f"
     local f, g = io.open(name, "w"), io.open(name)
     assert(f:setvbuf("full", 1024) == true)
     f:write("a")
     assert(g:read("a") == "")
     f:flush()
     assert(g:read("a") == "a")
     assert(f:setvbuf("no") == true)
     f:write("b")
     assert(g:read("a") == "b")
     f:close()
     f, g = io.open(name, "w"), io.open(name)
     assert(f:setvbuf("line") == true)
     f:write("c")
     assert(g:read("a") == "")
     f:write("d\\ne")
     assert(g:read("a") == "cd\\n")
     f:close()
     assert(g:read("a") == "e")
     assert(select(2, pcall(g.setvbuf, g)) == "bad argument #2 to '?' (string expected, got no value)")
     assert(select(2, pcall(g.setvbuf, g, "x")) == "bad argument #2 to '?' (invalid option 'x')")
     g:close()`,
  ],
  [
    "a full device",
    `local full = io.open("/dev/full", "w")
     if full then
       assert(full:write("abc"))
       local ok, message, number = full:flush()
       assert(ok == nil and message == "No space left on device" and number == 28)
       assert(full:flush() == true)
       assert(full:setvbuf("no"))
       local f, text, n, count = full:write("ab", "cd")
       assert(f == nil and text == "No space left on device" and n == 28 and count == 0)
       full:close()
     end`,
  ],
  [
    "lines",
    `local name = dir .. "/f"
     io.open(name, "w"):write("a\\nb\\n\\nc"):close()
     local found = {}
     for line in io.lines(name) do found[#found + 1] = line end
     assert(table.concat(found, ",") == "a,b,,c")
     found = {}
     for a, b in io.lines(name, 1, "L") do found[#found + 1] = a .. "|" .. tostring(b) end
     assert(table.concat(found, ",") == "a|\\n,b|\\n,\\n|c")
     local f = io.open(name)
     local iterator = f:lines("L")
     assert(iterator() == "a\\n" and f:read() == "b" and iterator() == "\\n" and iterator() == "c")
     assert(iterator() == nil and iterator() == nil and io.type(f) == "file")
     f:close()
     assert(select(2, pcall(iterator)) == "file is already closed")
     assert(select(2, pcall(io.lines, dir .. "/none")) == "cannot open file '" .. dir .. "/none' (No such file or directory)")
     assert(not pcall(io.lines, name, table.unpack({}, 1, 251)))
     assert(pcall(io.lines, name, table.unpack({}, 1, 250)))`,
  ],
  [
    "lines closes its file at the end, by break and by error",
    `local name = dir .. "/f"
     io.open(name, "w"):write("a\\nb\\n"):close()
     local iterator, state, control, file = io.lines(name)
     assert(state == nil and control == nil and io.type(file) == "file")
     assert(iterator() == "a" and iterator() == "b" and iterator() == nil and io.type(file) == "closed file")
     assert(select(2, pcall(iterator)) == "file is already closed")
     assert(select("#", io.open(name):lines()) == 1 and select("#", io.lines(name)) == 4)
     iterator, state, control, file = io.lines(name)
     for line in iterator, state, control, file do break end
     assert(io.type(file) == "closed file")
     iterator, state, control, file = io.lines(name)
     pcall(function() for line in iterator, state, control, file do error("x") end end)
     assert(io.type(file) == "closed file")
     assert(select(2, pcall(io.lines(name, "x"))) == "bad argument #2 to '?' (invalid format)")`,
  ],
  [
    "default files",
    `local name = dir .. "/f"
     assert(io.input() == io.stdin and io.output() == io.stdout)
     local out = io.output(name)
     assert(io.output() == out and io.write("x\\n", 2) == out and io.flush() == true and io.close() == true)
     assert(io.output(io.stdout) == io.stdout)
     local input = io.input(name)
     assert(io.read() == "x" and io.read("n") == 2)
     input:seek("set")
     for line in io.lines() do assert(line == "x") break end
     assert(io.type(input) == "file" and io.close(input))
     assert(io.input(io.stdin) == io.stdin)
     assert(select(2, pcall(io.input, dir .. "/none")) == "cannot open file '" .. dir .. "/none' (No such file or directory)")
     assert(select(2, pcall(io.output, dir)) == "cannot open file '" .. dir .. "' (Is a directory)")`,
  ],
  [
    "files close themselves: variables and collections",
    `local name, file = dir .. "/f"
     do
       local f <close> = assert(io.open(name, "w"))
       f:write("x")
       file = f
     end
     assert(io.type(file) == "closed file" and io.open(name):read("a") == "x")
     for i = 1, 2000 do io.open(name, "w"):write(i) if i % 100 == 0 then collectgarbage() end end
     collectgarbage()
     assert(#io.open(name):read("a") == 4)`,
  ],
  [
    "tmpfile",
    `local f = assert(io.tmpfile())
     assert(f:write("abc"):seek("set") == 0 and f:read("a") == "abc" and f:close() == true)`,
  ],
  [
    "popen: reading",
    `local f = assert(io.popen("printf 'a b\\\\n12 0x10\\\\nrest'"))
     assert(io.type(f) == "file" and f:read() == "a b" and f:read("n") == 12 and f:read("n") == 16 and f:read("a") == "\\nrest")
     assert(f:read() == nil)
     local ok, message, number = f:seek()
     assert(ok == nil and message == "Illegal seek" and number == 29)
     ok, message, number = f:close()
     assert(ok == true and message == "exit" and number == 0 and io.type(f) == "closed file")
     local found = {}
     for line in io.popen("echo a; sleep 0.05; echo b; sleep 0.05; printf c"):lines() do found[#found + 1] = line end
     assert(table.concat(found, ",") == "a,b,c")
     assert(#io.popen("head -c 300000 /dev/zero"):read("a") == 300000)`,
  ],
  [
    "popen: how it ends",
    `local function ends(command)
       local ok, how, number = io.popen(command):close()
       return tostring(ok) .. " " .. how .. " " .. number
     end
     assert(ends("exit 0") == "true exit 0" and ends("exit 3") == "nil exit 3")
     assert(ends("kill -9 $$") == "nil signal 9" and ends("kill -15 $$") == "nil signal 15")
     assert(select(2, pcall(io.popen, "true", "rw")) == "bad argument #2 to 'io.popen' (invalid mode)")
     assert(io.popen("true", "r"):write("x") == nil)
     local f = io.popen("cat >/dev/null; exit 4", "w")
     assert(f:read() == nil and select(3, f:close()) == 4)`,
  ],
  [
    "popen: writing",
    `local name = dir .. "/f"
     local f = assert(io.popen("tr a-z A-Z > " .. name, "w"))
     assert(f:write("abc\\n", 1) == f)
     f:write(("x"):rep(200000))
     assert(f:close() == true)
     assert(io.open(name):read("a") == "ABC\\n1" .. ("X"):rep(200000))`,
  ],
  [
    "popen: a reader that goes away ends the command",
    `local f = io.popen("exec yes")
     assert(f:read() == "y")
     local ok, how, number = f:close()
     assert(ok == nil and how == "signal" and number == 13)`,
  ],
  [
    "named pipes",
    `local name = dir .. "/pipe"
     assert(os.execute("mkfifo " .. name))
     assert(os.execute("(sleep 0.05; echo one; echo two) > " .. name .. " &"))
     local found = {}
     for line in io.lines(name) do found[#found + 1] = line end
     assert(table.concat(found, ",") == "one,two")`,
  ],
  [
    "waiting in a coroutine",
    `local co = coroutine.wrap(function()
       local f <close> = io.popen("sleep 0.02; echo x")
       coroutine.yield(f:read())
       return f:read()
     end)
     assert(co() == "x" and co() == nil)
     assert(#table.concat{ pcall(function() for l in io.popen("sleep 0.02; echo a"):lines() do error(l, 0) end end) and "" or "a" } == 1)`,
  ],
  [
    "loadfile and dofile",
    `local name = dir .. "/f.lua"
     local function put(text) io.open(name, "w"):write(text):close() end
     put("return 1, ...")
     assert(select(2, loadfile(name)(2)) == 2 and dofile(name) == 1)
     put("#!/usr/bin/lua\\nreturn debug.getinfo(1, 'l').currentline")
     assert(dofile(name) == 2)
     put("\\xEF\\xBB\\xBF# x\\nreturn 3")
     assert(dofile(name) == 3)
     put("# no end")
     assert(loadfile(name)() == nil)
     put("x = 1; return _ENV")
     local env = {}
     assert(loadfile(name, "t", env)() == env and env.x == 1)
     put("x =")
     local f, message = loadfile(name)
     assert(f == nil and message:find("f.lua:1: unexpected symbol near <eof>", 1, true))
     assert(select(2, pcall(dofile, name)) == message)
     f, message = loadfile(name, "b")
     assert(message == "attempt to load a text chunk (mode is 'b')")
     assert(select(2, loadfile(dir .. "/none")) == "cannot open " .. dir .. "/none: No such file or directory")
     assert(select(2, loadfile(dir)) == "cannot read " .. dir)
     assert(select(2, pcall(loadfile, name, "B")) == "bad argument #2 to 'loadfile' (invalid mode)")
     put("local a = coroutine.yield(1) return a + coroutine.yield(2)")
     local co = coroutine.wrap(dofile)
     assert(co(name) == 1 and co(10) == 2 and co(5) == 15)`,
  ],
  [
    "load reads from a file by lines",
    `local name = dir .. "/f"
     io.open(name, "w"):write("local x = 1\\nreturn x +\\n2"):close()
     assert(load((io.lines(name, "L")))() == 3)
     assert(load((io.lines(name, 1)))() == 3)`,
  ],
  [
    "remove, rename, tmpname",
    `local a, b = dir .. "/a", dir .. "/b"
     io.open(a, "w"):close()
     assert(os.rename(a, b) == true and os.remove(b) == true)
     local ok, message, number = os.remove(b)
     assert(ok == nil and message == b .. ": No such file or directory" and number == 2)
     ok, message, number = os.rename(a, b)
     assert(ok == nil and message == "No such file or directory" and number == 2)
     assert(os.execute("mkdir -p " .. a .. "/sub"))
     ok, message, number = os.remove(a)
     assert(message == a .. ": Directory not empty")
     assert(os.remove(a .. "/sub") and os.remove(a))
     local name = os.tmpname()
     assert(name:find("^/tmp/lua_%w%w%w%w%w%w$") and io.open(name) and os.remove(name))`,
  ],
  [
    "execute, setlocale",
    `assert(os.execute() == true)
     local ok, how, number = os.execute("exit 7")
     assert(ok == nil and how == "exit" and number == 7)
     ok, how, number = os.execute("kill -9 $$")
     assert(ok == nil and how == "signal" and number == 9)
     assert(os.execute("true") == true)
     assert(os.setlocale("C") == "C" and os.setlocale(nil, "all") == "C" and os.setlocale("POSIX", "numeric") == "C")
     assert(os.setlocale("none") == nil)
     assert(select(2, pcall(os.setlocale, "C", "x")) == "bad argument #2 to 'os.setlocale' (invalid option 'x')")
     assert(select(2, pcall(os.exit, "x")) == "bad argument #1 to 'os.exit' (number expected, got string)")`,
  ],
  [
    "require: searchers and paths",
    `package.path = dir .. "/?.lua;" .. dir .. "/?/init.lua"
     package.cpath = dir .. "/?.so"
     io.open(dir .. "/one.lua", "w"):write("return { name = ..., from = select(2, ...) }"):close()
     local one, from = require("one")
     assert(one.name == "one" and one.from == dir .. "/one.lua" and from == one.from)
     assert(require("one") == one and select("#", require("one")) == 1 and package.loaded.one == one)
     os.execute("mkdir " .. dir .. "/sub")
     io.open(dir .. "/sub/init.lua", "w"):write("x = (x or 0) + 1"):close()
     assert(require("sub") == true and x == 1 and require("sub") == true and x == 1)
     io.open(dir .. "/sub/two.lua", "w"):write("package.loaded[...] = 5"):close()
     assert(require("sub.two") == 5)
     package.preload.pre = function(...) return { ... } end
     assert(require("pre")[2] == ":preload:")
     local ok, message = pcall(require, "a.b")
     assert(message == "module 'a.b' not found:\\n\\tno field package.preload['a.b']\\n\\tno file '" .. dir ..
       "/a/b.lua'\\n\\tno file '" .. dir .. "/a/b/init.lua'\\n\\tno file '" .. dir .. "/a/b.so'\\n\\tno file '" .. dir .. "/a.so'", message)
     io.open(dir .. "/bad.lua", "w"):write("x ="):close()
     ok, message = pcall(require, "bad")
     assert(message == "error loading module 'bad' from file '" .. dir .. "/bad.lua':\\n\\t" .. select(2, loadfile(dir .. "/bad.lua")))
     table.insert(package.searchers, 2, function(name) if name == "mine" then return function(...) return select("#", ...) end end end)
     assert(require("mine") == 2)
     package.searchers = nil
     assert(select(2, pcall(require, "none")) == "'package.searchers' must be a table")`,
  ],
  [
    "require: paths that are none, searchpath, loadlib",
    `package.path = nil
     assert(select(2, pcall(require, "none")) == "'package.path' must be a string")
     io.open(dir .. "/f.x", "w"):close()
     assert(package.searchpath("f", dir .. "/?.y;" .. dir .. "/?.x") == dir .. "/f.x")
     assert(package.searchpath("f.x", dir .. "/?", "") == dir .. "/f.x")
     assert(package.searchpath("f-x", dir .. "/?", "-", ".") == dir .. "/f.x")
     local found, tried = package.searchpath("a.b", "?.1;x?")
     assert(found == nil and tried == "no file 'a/b.1'\\n\\tno file 'xa/b'")
     assert(package.config == "/\\n;\\n?\\n!\\n-\\n" and package.loaded._G == _G and package.loaded.io == io)
     assert(#package.searchers == 4)`,
  ],
];
