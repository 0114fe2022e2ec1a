#!/usr/bin/assay
-- A small API: assay examples/server.lua, then curl http://127.0.0.1:8080/api/time
http.serve(8080, {
  GET = {
    ["/health"] = function()
      return { status = 200, body = "ok" }
    end,
    ["/api/time"] = function()
      return { json = { timestamp = time(), zone = "UTC" } }
    end,
    ["/hello/:name"] = function(req)
      return { body = "hello " .. req.params.name }
    end,
  },
  POST = {
    ["/api/echo"] = function(req)
      return { json = json.parse(req.body) }
    end,
  },
})
