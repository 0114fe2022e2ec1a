-- tries: to pass one kind of handle where another is wanted
-- expects: ok
local conn <close> = db.connect("sqlite::memory:")
local task, channel = async.spawn(function() end), async.channel(1)
local client = http.client({})
for _, call in ipairs({
  function() db.query(task, "select 1") end,
  function() db.close(channel) end,
  function() db.query({}, "select 1") end,
  function() ws.send(conn, "x") end,
  function() ws.recv(task) end,
  function() conn.query(channel, "select 1") end,
  function() task.await(conn) end,
  function() channel.send(task, 1) end,
  function() client.get(conn, "/") end,
  function() client.get({}, "/") end,
  function() async.all({ conn }) end,
  function() async.race({ {} }) end,
  function() db.query(setmetatable({}, { __index = conn, __name = "db.connection" }), "select 1") end,
}) do
  local ok, message = pcall(call)
  assert(not ok and type(message) == "string" and message:find("expected"), message)
end
assert(conn:query("select 1 as one")[1].one == 1)
