-- tries: to let metamethods run, raise or wait in the middle of the libraries
-- expects: ok
local raising = setmetatable({}, { __index = function() error("e") end, __newindex = error, __len = error, __pairs = error,
  __tostring = function() error("s") end, __call = error, __concat = error, __eq = error, __lt = error, __name = 1 })
local waiting = setmetatable({}, { __index = function() sleep(0.001) return nil end, __len = function() sleep(0.001) return 2 end,
  __tostring = function() sleep(0.001) return "w" end, __pairs = function(t) sleep(0.001) return next, t end })
for _, odd in ipairs({ raising, waiting }) do
  for _, call in ipairs({
    function() json.encode(odd) end, function() yaml.encode(odd) end, function() toml.encode(odd) end,
    function() json.encode({ a = odd, b = { odd } }) end, function() table.concat(odd) end, function() table.unpack(odd) end,
    function() table.sort(odd) end, function() table.insert(odd, 1) end, function() table.remove(odd) end,
    function() print(odd) end, function() log.info(tostring(odd), odd) end, function() string.format("%s", odd) end,
    function() http.get("http://127.0.0.1:1", odd) end, function() http.post("http://127.0.0.1:1", odd) end,
    function() http.get("http://127.0.0.1:1", { headers = odd, query = odd, tls = odd, retries = odd }) end,
    function() template.render_string("{{ x.y }}{{ x }}{% for a in x %}{{ a }}{% endfor %}", { x = odd }) end,
    function() template.render_string("x", odd) end, function() async.all(odd) end, function() async.map(odd, print) end,
    function() crypto.jwt_sign(odd, "k") end, function() regex.replace("x", "x", odd) end, function() assert.eq(odd, { 1 }) end,
    function() db.connect("sqlite::memory:"):query("select ?", { odd }) end, function() db.connect(odd) end,
    function() fs.write("x", odd) end, function() error(odd) end, function() setmetatable({}, odd) end, function() load(odd) end,
    function() require(odd) end, function() assert(false, odd) end, function() for _ in odd do end end,
  }) do
    pcall(call)
  end
end
