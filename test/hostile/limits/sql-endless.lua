-- tries: to run for ever in SQL (T13)
-- expects: stop
-- options: --timeout 2s
local c = db.connect("sqlite::memory:")
pcall(c.query, c, "with recursive c(x) as (select 1 union all select x+1 from c) select count(*) from c")
while true do end
