-- tries: to open, attach, copy to or load other files by SQL
-- expects: ok
-- options: --allow-read=$DIR/in --allow-write=$DIR/in
local _, dir = ...
local c <close> = db.connect("sqlite://" .. dir .. "/in/x.db")
c:execute("create table t (x)")
for _, sql in ipairs({ "attach 'OUT/y.db' as y", "attach database 'OUT/y.db' as y", "ATTACH/**/'OUT/y.db' AS y", "attach \"OUT/y.db\" as y", "attach [OUT/y.db] as y",
  "attach 'file:OUT/y.db' as y", "attach 'file:OUT/y.db?mode=ro' as y", "attach 'IN/link/y.db' as y", "attach 'IN/../out/y.db' as y", "attach 'OUT' || '/y.db' as y",
  "attach (select 'OUT/y.db') as y", "vacuum into 'OUT/y.db'", "vacuum main into 'OUT/y.db'", "VACUUM--\nINTO 'OUT/y.db'", "select load_extension('OUT/y.so')",
  "select readfile('OUT/secret')", "select writefile('OUT/y', 'x')", "pragma temp_store_directory = 'OUT'", "pragma data_store_directory = 'OUT'",
  "select 1; attach 'OUT/y.db' as y", "create virtual table v using csv(filename='OUT/secret')", "select edit('x')", "explain attach 'OUT/y.db' as y;attach 'OUT/y.db' as y",
  "create trigger g after insert on t begin attach 'OUT/y.db' as y; end", "pragma main.temp_store_directory('OUT')" }) do
  local text = sql:gsub("OUT", dir .. "/out"):gsub("IN/", dir .. "/in/")
  local ok, message = pcall(c.query, c, text)
  assert(not ok or #c:query("pragma database_list") == 1, sql)
  local ok2 = pcall(c.execute, c, text)
  assert(not ok2 or #c:query("pragma database_list") == 1, sql)
end
assert(not pcall(c.execute, c, "attach ? as y", { dir .. "/out/y.db" }))
assert(not pcall(c.execute, c, "attach $1 as y", { dir .. "/in/link/y.db" }))
c:execute("attach ? as y", { dir .. "/in/y.db" })
assert(#c:query("pragma database_list") == 2)
