-- tries: to fill memory by results of SQL: ten million rows, very large values, and databases in memory (M20)
-- peak: 350
-- expects: ok
-- options: --timeout 60s
local function bounded(f, ...)
  local ok, message = pcall(f, ...)
  assert(not ok and type(message) == "string", tostring(message))
  assert(message:find("not enough memory") or message:find("too big") or message:find("out of memory") or message:find("full") or message:find("lost") or message:find("interrupted"), message)
end
local ROWS = "with recursive c(x) as (select 1 union all select x+1 from c where x < 10000000) select x, 'some text' as t from c"
for _, url in ipairs({ "sqlite::memory:", "sqlite://in/x.db" }) do
  local c = db.connect(url)
  bounded(c.query, c, ROWS)
  bounded(c.query, c, "select zeroblob(" .. (url:find("memory") and 900000000 or 70000000) .. ") as b")
  if url:find("memory") then bounded(c.query, c, "select hex(zeroblob(400000000)) as b") end
  c = db.connect(url)
  assert(c:query("select 1 as one")[1].one == 1)
  local n = 0
  for row in db.stream(c, "with recursive c(x) as (select 1 union all select x+1 from c where x < 100000) select x from c") do n = n + 1 end
  assert(n == 100000)
  c:close()
end
local c = db.connect("sqlite::memory:")
c:execute("create table t (x)")
bounded(function() for _ = 1, 1000 do c:execute("insert into t values (zeroblob(1000000))") end end)
