-- tries: to reach files from a database in memory
-- expects: ok
local _, dir = ...
local c <close> = db.connect("sqlite::memory:")
for _, sql in ipairs({ "attach 'in/x.db' as y", "vacuum into 'in/x.db'", "attach '/etc/passwd' as y", "select load_extension('x')", "attach 'file:in/x.db' as y",
  "select readfile('/etc/passwd')", "pragma temp_store_directory = '/tmp'", "pragma max_page_count = 1000000000", "select writefile('x', 'y')", "pragma journal_mode = wal" }) do
  local ok, rows = pcall(c.query, c, sql)
  assert(not ok or #c:query("pragma database_list") == 1, sql)
end
assert(not fs.exists(dir .. "/in/x.db"))
