#!/usr/bin/assay
-- The same calls work with postgres:// and mysql:// addresses.
local conn <close> = db.connect(env.get("DATABASE_URL", "sqlite::memory:"))
db.execute(conn, "create table users (id integer primary key, name text, active boolean)")
for _, name in ipairs({ "ada", "grace", "barbara" }) do
  db.execute(conn, "insert into users (name, active) values ($1, $2)", { name, name ~= "grace" })
end

local rows = db.query(conn, "select id, name from users where active = $1 order by id", { true })
assert.eq(#rows, 2)
for _, row in ipairs(rows) do log.info("User: " .. row.name .. " (ID: " .. row.id .. ")") end
