-- The server of bench/soak.ts: something of everything. Arguments: folder, PostgreSQL URL or "", MariaDB URL or "".
local folder, postgres, mysql = ...

local databases = { sqlite = db.connect("sqlite://" .. folder .. "/soak.db", { timeout = 20 }) }
if postgres ~= "" then databases.postgres = db.connect(postgres, { timeout = 20, pool = 5 }) end
if mysql ~= "" then databases.mysql = db.connect(mysql, { timeout = 20, pool = 5 }) end
for kind, c in pairs(databases) do
  c:execute("drop table if exists soak")
  c:execute("create table soak (id " .. (kind == "sqlite" and "integer" or "bigint") .. " primary key, body varchar(200))")
end
local memory = db.connect("sqlite::memory:")

local counts = { handled = 0, ticks = 0, messages = 0, purged = 0 }
-- The requests that came to a handler most lately: each of them must have got its answer.
local RECENT = 20000
local recent = {}
local url

local function counted(fn)
  return function(req)
    counts.handled = counts.handled + 1
    recent[counts.handled % RECENT + 1] = req.headers["x-id"]
    return fn(req)
  end
end

-- A row goes in, comes out and is deleted, in one transaction or three statements.
local function store(kind, placeholders)
  return counted(function(req)
    local c = databases[kind]
    if not c then return { status = 501 } end
    local id = math.tointeger(req.params.id)
    local one, two = placeholders[1], placeholders[2]
    local function work(c)
      c:execute("insert into soak values (" .. one .. ", " .. two .. ")", { id, "body " .. id })
      local row = c:query_one("select body from soak where id = " .. one, { id })
      c:execute("delete from soak where id = " .. one, { id })
      return row.body
    end
    return { json = { body = id % 2 == 0 and c:transaction(work) or work(c) } }
  end)
end

local ticker = async.spawn_interval(function()
  counts.ticks = counts.ticks + 1
  memory:execute("create table if not exists t (n integer)")
  memory:execute("insert into t values (?)", { counts.ticks })
  counts.purged = counts.purged + memory:execute("delete from t where n < ?", { counts.ticks - 10 })
end, 100)

http.serve(0, {
  GET = {
    ["/hello"] = counted(function() return "hello" end),
    ["/users/:id"] = counted(function(req)
      return { json = { id = req.params.id, query = req.query_params, agent = req.headers["user-agent"] } }
    end),
    ["/sleep/:ms"] = counted(function(req)
      sleep(math.tointeger(req.params.ms) / 1000)
      return "slept"
    end),
    ["/tasks"] = counted(function()
      local ch = async.channel(2)
      local producer = async.spawn(function()
        for i = 1, 10 do ch:send(i) end
        ch:close()
      end)
      local sum = 0
      for n in ch do sum = sum + n end
      producer:await()
      local squares = async.map({ 1, 2, 3, 4 }, function(n) sleep(0.001) return n * n end, { concurrency = 2 })
      pcall(async.timeout, 0.002, function() sleep(10) end)
      return { json = { sum = sum, squares = squares } }
    end),
    ["/client"] = counted(function(req)
      local id = { ["X-Id"] = req.headers["x-id"] .. "-inner" }
      return { json = { inner = http.get(url .. "/hello", { headers = id, proxy = false }).body } }
    end),
    ["/stream"] = counted(function()
      local n = 0
      return { stream = function() n = n + 1 sleep(0.002) if n <= 10 then return "part " .. n .. "\n" end end }
    end),
    ["/large"] = counted(function() return ("0123456789abcdef"):rep(16384) end),
    ["/text"] = counted(function(req)
      local rows = {}
      for i = 1, 50 do rows[i] = { n = i, name = "row " .. i, hash = crypto.hash(tostring(i)) } end
      local text = template.render_string("{% for r in rows %}{{ r.n }}:{{ r.name | upper }};{% endfor %}", { rows = rows })
      assert(regex.match("ROW 50;$", text))
      return { json = yaml.parse(yaml.encode({ rows = rows, length = #text })) }
    end),
    ["/sqlite/:id"] = store("sqlite", { "?", "?" }),
    ["/postgres/:id"] = store("postgres", { "$1", "$2" }),
    ["/mysql/:id"] = store("mysql", { "?", "?" }),
    ["/fails"] = counted(function() error("on purpose") end),
    ["/wrong"] = counted(function() return { status = "no", oops = 1 } end),
    ["/stats"] = function()
      collectgarbage()
      return { json = { lua_bytes = math.floor(collectgarbage("count") * 1024), counts = counts } }
    end,
  },
  POST = {
    ["/echo"] = counted(function(req) return { json = req:json() } end),
  },
  WS = {
    ["/ws"] = function(conn)
      while true do
        conn:send(conn:recv())
        counts.messages = counts.messages + 1
      end
    end,
  },
}, {
  host = "127.0.0.1",
  max_body = 65536,
  header_timeout = 2,
  body_timeout = 2,
  idle_timeout = 10,
  drain = 10,
  on_listen = function(address)
    url = "http://" .. address
    print(url)
  end,
})

ticker:cancel()
for _, c in pairs(databases) do c:close() end
print(json.encode({ counts = counts, recent = json.array(recent) }))
