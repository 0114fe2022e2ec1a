#!/usr/bin/assay
-- A server that answers as a file says, for tests and demonstrations, and remembers what it was asked.
--
--   assay mock-api.lua [routes.yaml]
--
-- PORT (8080; 0: any), HOST (0.0.0.0)
-- GET /__requests shows the requests so far, DELETE /__requests forgets them.
--
-- Texts of an answer are templates that see the request: {{ params.id }}, {{ query.page }}, {{ body.name }}. An answer
-- that is a list is given in turns; the last one stays.
local config = yaml.parse(fs.read(arg[1] or "routes.yaml"))

local port = assert(math.tointeger(env.get("PORT", "8080")), "PORT is not a number")

local requests = json.array({})

--- The templates in an answer filled in, at any depth.
local function fill(value, request)
  if type(value) == "string" and value:find("{[{%%]") then return template.render_string(value, request) end
  if type(value) ~= "table" then return value end
  local out = {}
  for key, one in pairs(value) do out[key] = fill(one, request) end
  return #value > 0 and json.array(out) or json.object(out)
end

local function handler(answers)
  local turn = 0
  return function(req)
    local ok, body = pcall(req.json, req)
    local request = { method = req.method, path = req.path, params = req.params, query = req.query_params, headers = req.headers }
    request.body = ok and body or req.body
    requests[#requests + 1] = request

    turn = math.min(turn + 1, #answers)
    local answer = answers[turn]
    if answer.delay then sleep(answer.delay) end
    local response = { status = answer.status or 200, headers = answer.headers }
    if answer.json ~= nil then
      response.json = fill(answer.json, request)
    else
      response.body = fill(answer.body or "", request)
    end
    return response
  end
end

local routes = {
  GET = { ["/__requests"] = function() return { json = requests } end },
  DELETE = {
    ["/__requests"] = function()
      requests = json.array({})
      return { status = 204 }
    end,
  },
}
for route, answers in pairs(config) do
  local method, path = route:match("^(%u+) (/.*)$")
  assert(method, ("%q is not a route such as \"GET /users/:id\""):format(route))
  routes[method] = routes[method] or {}
  routes[method][path] = handler(#answers > 0 and answers or { answers })
end

http.serve(port, routes, {
  host = env.get("HOST", "0.0.0.0"),
  on_listen = function(address) log.info("listening", { address = address, routes = arg[1] or "routes.yaml" }) end,
})
