--- Traefik: entry points, routers, services and middlewares, as its dashboard shows them. Read-only.
---
--- Where a function takes `url`, it takes the address where the API is exposed, a table `{ url = …, username = … }` with
--- the options of a client, or a client; and `traefik.client(url)` has all functions as methods. Names carry their
--- provider: `shop-web@kubernetescrd`. The status "warning" is that of a router which serves, but has a problem.
--- Source: Traefik API, doc.traefik.io/traefik/operations/api.
--- Example: assert.eq(traefik.is_router_enabled("http://traefik.ingress:8080", "shop-web@kubernetescrd"), true)
local H = require("assay._http")

local M = {}

local spec = {
  name = "traefik",
  methods = M,
  groups = {
    entrypoints = { "entrypoints", list = "entrypoints", get = "entrypoint" },
    routers = {
      list = "http_routers", get = "http_router", is_enabled = "is_router_enabled", has_tls = "router_has_tls",
      healthy = "healthy_routers", problems = "router_problems", find = "find_router", exists = "router_exists",
      wait = "wait_router", service = "service_of",
    },
    services = {
      list = "http_services", get = "http_service", server_count = "service_server_count",
      healthy_servers = "healthy_servers",
    },
    middlewares = { list = "http_middlewares", get = "http_middleware" },
    tcp = {
      routers = "tcp_routers", services = "tcp_services", middlewares = "tcp_middlewares", router = "tcp_router",
      service = "tcp_service",
    },
    udp = { routers = "udp_routers", services = "udp_services", router = "udp_router", service = "udp_service" },
    info = { overview = "overview", version = "version", rawdata = "rawdata" },
  },
}

--- A Traefik with all functions of this module as methods, `c:http_routers()`, and grouped: `c.routers:list()`.
--- Source: Assay
---@param url string|assay.target the address where the API is exposed
---@param opts assay.options?
---@return table client
--- Raises "traefik: invalid url 'URL'".
--- Example: local c = traefik.client("http://traefik.ingress:8080")
function M.client(url, opts)
  H.need("traefik.client", "url", url)
  return H.client(spec, url, opts)
end

local target = H.targets(spec)

local function get(fn, url, path)
  return (H.get(target(fn, url), path, { needed = true }))
end

--- One object by its name.
local function one(fn, url, path, name)
  return (H.get(target(fn, url, "name", name), path .. H.seg(name), { needed = true }))
end

local PER_PAGE = 100

--- All pages of a list, or the one page that the options ask for. The server's default is the first page of 100.
local function list(fn, url, path, opts, missing)
  local c = target(fn, url)
  opts = opts or {}
  local asked = opts.page ~= nil or opts.per_page ~= nil
  local absent = false
  local items = H.pages(function(page)
    local body, response = H.get(c, path, {
      missing = missing,
      opts = opts,
      query = {
        { "search", opts.search }, { "status", opts.status }, { "serviceName", opts.service_name },
        { "middlewareName", opts.middleware_name }, { "page", page or opts.page },
        { "per_page", page and PER_PAGE or opts.per_page },
      },
    })
    absent = response.status == 404
    local following = math.tointeger(tonumber(response.headers["x-next-page"]))
    return body, not asked and following and following > (page or 1) and following or nil
  end)
  return not absent and items or nil
end

--- Counts, features and providers at a glance.
--- Source: Traefik API, /api/overview
---@param url string|assay.target
---@return { http: { routers: { total: integer, warnings: integer, errors: integer }, services: table, middlewares: table }, tcp: table, udp: table, features: table, providers: string[] } overview
--- Raises "traefik: GET /api/overview HTTP STATUS: BODY".
--- Example: assert.eq(traefik.overview("http://traefik:8080").http.routers.errors, 0)
function M.overview(url)
  return get("overview", url, "/api/overview")
end

--- Version of the server.
--- Source: Traefik API, /api/version
---@param url string|assay.target
---@return { Version: string, Codename: string, startDate: string } version
--- Raises "traefik: GET /api/version HTTP STATUS: BODY".
--- Example: log.info(traefik.version("http://traefik:8080").Version)
function M.version(url)
  return get("version", url, "/api/version")
end

--- All that is configured dynamically, by name.
--- Source: Traefik API, /api/rawdata
---@param url string|assay.target
---@return { routers: table<string, table>, services: table<string, table>, middlewares: table<string, table>, tcpRouters: table? } data
--- Raises "traefik: GET /api/rawdata HTTP STATUS: BODY".
--- Example: assert.not_nil(traefik.rawdata("http://traefik:8080").routers["shop-web@docker"])
function M.rawdata(url)
  return get("rawdata", url, "/api/rawdata")
end

--- Whether Traefik is alive. The ping has an entry point of its own.
--- Source: Traefik, "Ping", doc.traefik.io/traefik/operations/ping
---@param url string|assay.target
---@return boolean
--- Raises "traefik: GET /ping: REASON" without an answer.
--- Example: assert.eq(traefik.ping("http://traefik:8082"), true)
function M.ping(url)
  local _, response = H.get(target("ping", url), "/ping", { ok = H.any, raw = true })
  return response.status == 200
end

--- Entry points.
--- Source: Traefik API, /api/entrypoints
---@param url string|assay.target
---@param opts { page: integer?, per_page: integer? }? all pages unless given; also a client's options
---@return { name: string, address: string }[] entrypoints
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#traefik.entrypoints("http://traefik:8080"), 0)
function M.entrypoints(url, opts)
  return list("entrypoints", url, "/api/entrypoints", opts)
end

--- One entry point.
--- Source: Traefik API, /api/entrypoints/{name}
---@param url string|assay.target
---@param name string
---@return { name: string, address: string } entrypoint
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.entrypoint("http://traefik:8080", "websecure").address, ":443")
function M.entrypoint(url, name)
  return one("entrypoint", url, "/api/entrypoints/", name)
end

-- --- HTTP ------------------------------------------------------------------------------------------------------------

---@class assay.traefik.filter: assay.options Which objects a list shall have.
---@field search string? part of the name or rule
---@field status "enabled"|"disabled"|"warning"|nil
---@field service_name string? routers of this service
---@field middleware_name string? routers with this middleware
---@field page integer? only this page; all unless given
---@field per_page integer?

--- HTTP routers.
--- Source: Traefik API, /api/http/routers
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return { name: string, provider: string, rule: string, service: string, entryPoints: string[], middlewares: string[]?, tls: table?, priority: integer, status: "enabled"|"disabled"|"warning", error: string[]? }[] routers
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.http_routers("http://traefik:8080", { status = "disabled" }), 0)
function M.http_routers(url, opts)
  return list("http_routers", url, "/api/http/routers", opts)
end

--- One HTTP router.
--- Source: Traefik API, /api/http/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table router as of `http_routers`
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.contains(traefik.http_router("http://traefik:8080", "shop-web@docker").rule, "shop.example.com")
function M.http_router(url, name)
  return one("http_router", url, "/api/http/routers/", name)
end

--- Whether an HTTP router is enabled, without a warning.
--- Source: Traefik API, /api/http/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@return boolean
--- Raises as `http_router`.
--- Example: assert.eq(traefik.is_router_enabled("http://traefik:8080", "shop-web@docker"), true)
function M.is_router_enabled(url, name)
  return M.http_router(target("is_router_enabled", url, "name", name), name).status == "enabled"
end

--- Whether an HTTP router terminates TLS.
--- Source: Traefik API, /api/http/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@return boolean
--- Raises as `http_router`.
--- Example: assert.eq(traefik.router_has_tls("http://traefik:8080", "shop-web@docker"), true)
function M.router_has_tls(url, name)
  return M.http_router(target("router_has_tls", url, "name", name), name).tls ~= nil
end

--- HTTP routers that are enabled, and all others.
--- Source: Traefik API, /api/http/routers
---@param url string|assay.target
---@return table[] enabled, table[] others disabled ones and those with a warning
--- Raises as `http_routers`.
--- Example: local _, broken = traefik.healthy_routers("http://traefik:8080"); assert.eq(#broken, 0)
function M.healthy_routers(url)
  local enabled, others = {}, {}
  for _, router in ipairs(M.http_routers(target("healthy_routers", url))) do
    local side = router.status == "enabled" and enabled or others
    side[#side + 1] = router
  end
  return enabled, others
end

--- Routers of all protocols that are not enabled.
--- Source: Traefik API, /api/http/routers, /api/tcp/routers, /api/udp/routers
---@param url string|assay.target
---@return { name: string, protocol: "http"|"tcp"|"udp", status: string, error: string[]? }[] problems
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.router_problems("http://traefik:8080"), 0)
function M.router_problems(url)
  local c, out = target("router_problems", url), {}
  for _, protocol in ipairs({ "http", "tcp", "udp" }) do
    for _, router in ipairs(list("router_problems", c, ("/api/%s/routers"):format(protocol))) do
      if router.status ~= "enabled" then
        out[#out + 1] = { name = router.name, protocol = protocol, status = router.status, error = router.error }
      end
    end
  end
  return out
end

--- Whether a rule has a matcher, such as `Host`, with a value. Values stand in backquotes or quotes.
local function mentions(rule, matcher, value)
  for arguments in rule:gmatch("%f[%a]" .. matcher .. "%s*%(([^)]*)%)") do
    for _, quoted in arguments:gmatch("([`\"])(.-)%1") do
      if quoted == value then return true end
    end
  end
  return false
end

--- HTTP routers for a host.
--- Source: Traefik API, /api/http/routers; "Rules"
---@param url string|assay.target
---@param host string as it stands in the rule, ``Host(`shop.example.com`)``
---@param path string? also as it stands there, in `Path` or `PathPrefix`
---@return table[] routers as of `http_routers`
--- Raises as `http_routers`.
--- Example: assert.gt(#traefik.find_router("http://traefik:8080", "shop.example.com"), 0)
function M.find_router(url, host, path)
  local c, out = target("find_router", url, "host", host), {}
  for _, router in ipairs(M.http_routers(c)) do
    local rule = router.rule or ""
    if mentions(rule, "Host", host) and (path == nil or mentions(rule, "Path", path) or mentions(rule, "PathPrefix", path)) then
      out[#out + 1] = router
    end
  end
  return out
end

--- Whether there is an HTTP router of a name.
--- Source: Traefik API, /api/http/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@return boolean
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 too when there is no API at this address.
--- Example: assert.eq(traefik.router_exists("http://traefik:8080", "old@docker"), false)
function M.router_exists(url, name)
  local c = target("router_exists", url, "name", name)
  local path = "/api/http/routers/" .. H.seg(name)
  local _, response = H.get(c, path, { missing = true })
  if response.status == 200 then return true end
  -- Where the API is switched off every path answers 404, but not in JSON.
  if H.route_missing(response) then
    local _, version = H.get(c, "/api/version", { ok = H.any, raw = true })
    if version.status ~= 200 then error(H.fail(c, "GET", path, response), 0) end
  end
  return false
end

--- Waits until an HTTP router exists and is enabled.
--- Source: Traefik API, /api/http/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@param timeout number? seconds (60)
---@param opts { interval: number }? seconds between looks (2)
---@return true
--- Raises "traefik: timeout waiting for router NAME to be enabled (last: …)", and 400, 401, 403 at once.
--- Example: traefik.wait_router("http://traefik:8080", "shop-web@docker", 120)
function M.wait_router(url, name, timeout, opts)
  local c = target("wait_router", url, "name", name)
  local limit, interval = H.waiting("traefik.wait_router", timeout, opts, 60, 2)
  return H.poll({
    timeout = limit,
    interval = interval,
    message = ("traefik: timeout waiting for router %s to be enabled"):format(name),
    check = function()
      local router = M.http_router(c, name)
      local problems = type(router.error) == "table" and table.concat(router.error, "; ") or ""
      return router.status == "enabled", ("%s%s"):format(router.status, problems ~= "" and ": " .. problems or "")
    end,
  })
end

--- HTTP services.
--- Source: Traefik API, /api/http/services
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return { name: string, provider: string, type: string, status: string, usedBy: string[], loadBalancer: table?, weighted: table?, mirroring: table?, failover: table?, serverStatus: table<string, "UP"|"DOWN">? }[] services
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#traefik.http_services("http://traefik:8080", { search = "shop" }), 0)
function M.http_services(url, opts)
  return list("http_services", url, "/api/http/services", opts)
end

--- One HTTP service.
--- Source: Traefik API, /api/http/services/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table service as of `http_services`
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.http_service("http://traefik:8080", "shop-web@docker").status, "enabled")
function M.http_service(url, name)
  return one("http_service", url, "/api/http/services/", name)
end

local function servers_of(service)
  return service.loadBalancer and service.loadBalancer.servers or {}
end

--- How many servers an HTTP service has. Weighted, mirroring and failover services have none of their own.
--- Source: Traefik API, /api/http/services/{name}
---@param url string|assay.target
---@param name string with its provider
---@return integer
--- Raises as `http_service`.
--- Example: assert.gt(traefik.service_server_count("http://traefik:8080", "shop-web@docker"), 0)
function M.service_server_count(url, name)
  return #servers_of(M.http_service(target("service_server_count", url, "name", name), name))
end

--- How many servers of an HTTP service are up: as many as it has where no health check is configured.
--- Source: Traefik API, /api/http/services/{name}
---@param url string|assay.target
---@param service string with its provider
---@return integer
--- Raises as `http_service`.
--- Example: assert.gt(traefik.healthy_servers("http://traefik:8080", "shop-web@docker"), 1)
function M.healthy_servers(url, service)
  local found = M.http_service(target("healthy_servers", url, "service", service), service)
  if not found.serverStatus then return #servers_of(found) end
  local count = 0
  for _, status in pairs(found.serverStatus) do
    if status == "UP" then count = count + 1 end
  end
  return count
end

--- Names of the services that a service passes requests on to.
local function parts_of(service)
  local names = {}
  local function add(name)
    if name and name ~= "" then names[#names + 1] = name end
  end
  for _, part in ipairs(service.weighted and service.weighted.services or {}) do add(part.name) end
  local mirroring, failover = service.mirroring or {}, service.failover or {}
  add(mirroring.service)
  for _, part in ipairs(mirroring.mirrors or {}) do add(part.name) end
  add(failover.service)
  add(failover.fallback)
  return names
end

--- Where the requests of an HTTP router end: its service, those behind it, and their servers.
--- Source: Traefik API, /api/http/routers/{name}, /api/http/services/{name}
---@param url string|assay.target
---@param router string with its provider
---@return { name: string, services: table[], servers: { url: string, service: string, status: "UP"|"DOWN"|nil }[] } service its
---  name; it and those it passes requests on to, through weighted, mirroring and failover services
--- Raises as `http_router` and `http_service`.
--- Example: assert.gt(#traefik.service_of("http://traefik:8080", "shop-web@docker").servers, 0)
function M.service_of(url, router)
  local c = target("service_of", url, "router", router)
  local found = M.http_router(c, router)
  -- A name without a provider means the provider of whoever mentions it.
  local function full(name, provider)
    return (name:find("@", 1, true) or not provider) and name or name .. "@" .. provider
  end
  local out = { name = full(found.service, found.provider or router:match("@(.*)$")), services = {}, servers = {} }
  local names, seen = { out.name }, { [out.name] = true }
  -- The list grows while it is read.
  for _, name in ipairs(names) do
    local service = M.http_service(c, name)
    out.services[#out.services + 1] = service
    for _, server in ipairs(servers_of(service)) do
      out.servers[#out.servers + 1] = {
        url = server.url, service = name, status = service.serverStatus and service.serverStatus[server.url],
      }
    end
    for _, part in ipairs(parts_of(service)) do
      part = full(part, service.provider or name:match("@(.*)$"))
      if not seen[part] then
        seen[part] = true
        names[#names + 1] = part
      end
    end
  end
  return out
end

--- HTTP middlewares.
--- Source: Traefik API, /api/http/middlewares
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return { name: string, provider: string, type: string, status: string, usedBy: string[], error: string[]? }[] middlewares
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.gt(#traefik.http_middlewares("http://traefik:8080"), 0)
function M.http_middlewares(url, opts)
  return list("http_middlewares", url, "/api/http/middlewares", opts)
end

--- One HTTP middleware.
--- Source: Traefik API, /api/http/middlewares/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table middleware as of `http_middlewares`
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.http_middleware("http://traefik:8080", "auth@docker").type, "basicauth")
function M.http_middleware(url, name)
  return one("http_middleware", url, "/api/http/middlewares/", name)
end

-- --- TCP, UDP, certificates ------------------------------------------------------------------------------------------

--- TCP routers.
--- Source: Traefik API, /api/tcp/routers
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return table[] routers
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.tcp_routers("http://traefik:8080"), 0)
function M.tcp_routers(url, opts)
  return list("tcp_routers", url, "/api/tcp/routers", opts)
end

--- One TCP router.
--- Source: Traefik API, /api/tcp/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table router
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.tcp_router("http://traefik:8080", "db@file").status, "enabled")
function M.tcp_router(url, name)
  return one("tcp_router", url, "/api/tcp/routers/", name)
end

--- TCP services.
--- Source: Traefik API, /api/tcp/services
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return table[] services
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.tcp_services("http://traefik:8080"), 0)
function M.tcp_services(url, opts)
  return list("tcp_services", url, "/api/tcp/services", opts)
end

--- One TCP service.
--- Source: Traefik API, /api/tcp/services/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table service
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.tcp_service("http://traefik:8080", "db@file").status, "enabled")
function M.tcp_service(url, name)
  return one("tcp_service", url, "/api/tcp/services/", name)
end

--- TCP middlewares.
--- Source: Traefik API, /api/tcp/middlewares
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return table[] middlewares
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.tcp_middlewares("http://traefik:8080"), 0)
function M.tcp_middlewares(url, opts)
  return list("tcp_middlewares", url, "/api/tcp/middlewares", opts)
end

--- UDP routers.
--- Source: Traefik API, /api/udp/routers
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return table[] routers
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.udp_routers("http://traefik:8080"), 0)
function M.udp_routers(url, opts)
  return list("udp_routers", url, "/api/udp/routers", opts)
end

--- One UDP router.
--- Source: Traefik API, /api/udp/routers/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table router
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.udp_router("http://traefik:8080", "dns@file").status, "enabled")
function M.udp_router(url, name)
  return one("udp_router", url, "/api/udp/routers/", name)
end

--- UDP services.
--- Source: Traefik API, /api/udp/services
---@param url string|assay.target
---@param opts assay.traefik.filter?
---@return table[] services
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: assert.eq(#traefik.udp_services("http://traefik:8080"), 0)
function M.udp_services(url, opts)
  return list("udp_services", url, "/api/udp/services", opts)
end

--- One UDP service.
--- Source: Traefik API, /api/udp/services/{name}
---@param url string|assay.target
---@param name string with its provider
---@return table service
--- Raises "traefik: GET PATH HTTP STATUS: BODY", 404 included.
--- Example: assert.eq(traefik.udp_service("http://traefik:8080", "dns@file").status, "enabled")
function M.udp_service(url, name)
  return one("udp_service", url, "/api/udp/services/", name)
end

--- Certificates that Traefik serves.
--- Source: Traefik API, /api/certificates
---@param url string|assay.target
---@param opts { page: integer?, per_page: integer? }? all pages unless given; also a client's options
---@return table[]? certificates nil where the release does not tell
--- Raises "traefik: GET PATH HTTP STATUS: BODY".
--- Example: local certificates = traefik.certificates("http://traefik:8080")
function M.certificates(url, opts)
  return list("certificates", url, "/api/certificates", opts, true)
end

return M
