-- tries: to fill memory by single values of SQLite files, wide rows of them, and what is stored and read again
-- expects: ok
-- options: --timeout 60s
local c = db.connect("sqlite://in/x.db")
local function refused(sql, ...)
  local ok, message = pcall(c.query, c, sql, ...)
  assert(not ok and message:find("not enough memory"), tostring(message):sub(1, 200))
end
refused("select zeroblob(900000000) as b")
refused("select zeroblob(300000000) as b")
refused("select hex(zeroblob(100000000)) as b")
refused("select length(hex(hex(hex(randomblob(30000000))))) as b")
refused("with recursive c(x) as (select 1 union all select x + 1 from c where x < 100) select zeroblob(10000000) as b from c")
refused("select replace(hex(zeroblob(10000000)), '0', 'a long text instead of it') as b")
local columns = {}
for i = 1, 50 do columns[i] = "zeroblob(5000000) as c" .. i end
refused("select " .. table.concat(columns, ", "))
assert(#c:query_one("select zeroblob(20000000) as b").b == 20000000)
c:execute("create table t (x)")
for _ = 1, 5 do c:execute("insert into t values (?)", { ("x"):rep(1e7) }) end
local n = 0
for row in db.stream(c, "select x from t") do n = n + #row.x end
assert(n == 5e7)
c:close()
