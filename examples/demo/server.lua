#!/usr/bin/assay
-- A small service to try things on: answers on a free port of the loopback interface, and says which.
local visits = 0

http.serve(0, {
  GET = {
    ["/health"] = function()
      return { json = { status = "healthy", database = "ok", version = "1.4.2" } }
    end,
    ["/visits"] = function()
      visits = visits + 1
      return { json = { visits = visits } }
    end,
  },
  POST = {
    ["/echo"] = function(req)
      return { json = { received = req:json() } }
    end,
  },
}, {
  host = "127.0.0.1",
  on_listen = function(address) print(address) end,
})
