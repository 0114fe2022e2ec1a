#!/usr/bin/assay
-- Database migrations, with a way back. Works with PostgreSQL and SQLite, where tables change inside of transactions.
--
--   assay migrate.lua [up]        applies what is new, each migration in a transaction of its own
--   assay migrate.lua down [N]    takes the last N (default 1) back
--   assay migrate.lua status      what is applied, what is not
--
-- A migration is a pair of files, NAME.up.sql and NAME.down.sql; they are applied in the order of their names. A file
-- that was changed after it was applied is refused.
--
-- DATABASE_URL or DATABASE_URL_FILE   postgres://user:password@host/name, sqlite:///path
-- MIGRATIONS                          their folder (default "migrations")
local function secret(name)
  local file = env.get(name .. "_FILE")
  return file and fs.read(file):match("^%s*(.-)%s*$") or env.require(name)
end

local url = secret("DATABASE_URL")
local folder = env.get("MIGRATIONS", "migrations")
local conn <close> = db.connect(url)

-- Makes whoever else migrates this database wait until the transaction ends. SQLite lets a transaction wait only if it
-- begins with a write.
local is_postgres = url:find("^postgres") ~= nil
local LOCK <const> = is_postgres and "select pg_advisory_xact_lock(7203944)" or "delete from migrations where 1 = 0"

--- The migrations there are, oldest first: `{ name, up, down?, checksum }`.
local function available()
  local list = {}
  for _, path in ipairs(fs.glob(folder .. "/*.up.sql")) do
    local base = path:match("^(.*)%.up%.sql$")
    local up = fs.read(path)
    local down = fs.exists(base .. ".down.sql") and fs.read(base .. ".down.sql") or nil
    list[#list + 1] = { name = base:match("[^/]+$"), up = up, down = down, checksum = crypto.hash(up) }
  end
  assert(#list > 0, "no migrations in " .. folder)
  return list
end

--- The migrations that are applied, by name, and their names in order.
local function applied()
  local by_name, names = {}, {}
  for _, row in ipairs(conn:query("select name, checksum from migrations order by name")) do
    by_name[row.name] = row
    names[#names + 1] = row.name
  end
  return by_name, names
end

local function run(script)
  for _, statement in ipairs(conn:statements(script)) do conn:execute(statement) end
end

--- Runs a step in a transaction of its own, while nobody else does.
local function exclusively(step)
  return conn:transaction(function()
    conn:query(LOCK)
    return step()
  end)
end

local function up(migration)
  return exclusively(function()
    local done = applied()[migration.name]
    if done then
      assert.eq(done.checksum, migration.checksum, migration.name .. " was changed after it was applied")
      return false
    end
    run(migration.up)
    conn:execute("insert into migrations (name, checksum) values ($1, $2)", { migration.name, migration.checksum })
    return true
  end)
end

local function down(migration)
  assert(migration.down, migration.name .. " cannot be taken back: it has no .down.sql")
  exclusively(function()
    run(migration.down)
    assert.eq(conn:execute("delete from migrations where name = $1", { migration.name }), 1)
  end)
end

conn:transaction(function()
  if is_postgres then conn:query(LOCK) end
  conn:execute([[
    create table if not exists migrations (
      name text primary key, checksum text not null, applied_at timestamp not null default current_timestamp)]])
end)

local migrations = available()
local command = arg[1] or "up"

if command == "up" then
  local count = 0
  for _, migration in ipairs(migrations) do
    if up(migration) then
      count = count + 1
      log.info("applied", { migration = migration.name })
    end
  end
  log.info(count == 0 and "nothing to do" or "the database is up to date", { applied = count })
elseif command == "down" then
  local known = {}
  for _, migration in ipairs(migrations) do known[migration.name] = migration end
  local _, names = applied()
  for i = #names, math.max(1, #names - tonumber(arg[2] or 1) + 1), -1 do
    down(assert(known[names[i]], names[i] .. " is applied, but its files are not in " .. folder))
    log.info("taken back", { migration = names[i] })
  end
elseif command == "status" then
  local done = applied()
  for _, migration in ipairs(migrations) do
    print((done[migration.name] and "applied  " or "pending  ") .. migration.name)
  end
else
  error("usage: migrate.lua [up | down [N] | status]", 0)
end
