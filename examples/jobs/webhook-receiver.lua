#!/usr/bin/assay
-- Receives webhooks that are signed as GitHub signs them (X-Hub-Signature-256: HMAC-SHA256 of the body), answers at once,
-- and passes them on to another service in the background. SIGTERM: what was accepted is still delivered.
--
-- WEBHOOK_SECRET(_FILE)   the shared secret
-- TARGET_URL              where deliveries go
-- PORT                    8080
-- /healthz and /readyz answer by themselves.
local function secret(name)
  local file = env.get(name .. "_FILE")
  return file and fs.read(file):match("^%s*(.-)%s*$") or env.require(name)
end

local key = secret("WEBHOOK_SECRET")
assert(#key >= 16, "WEBHOOK_SECRET is shorter than 16 characters")
local target = env.require("TARGET_URL")
local port = assert(math.tointeger(env.get("PORT", "8080")), "PORT is not a number")
local REMEMBERED <const> = 1000

--- Deliveries on their way. When it is full, senders are told to come again.
local CAPACITY <const> = 100
local queue = async.channel(CAPACITY)
local waiting = 0

local worker = async.spawn(function()
  for event in queue do
    local ok, problem = pcall(function()
      -- The id goes along, so that the target can tell a repeated delivery too: a POST is repeated only when told to.
      local response = http.post(target, event.payload, {
        headers = { ["X-Event"] = event.name, ["Idempotency-Key"] = event.id },
        timeout = 10,
        retries = { count = 3, backoff = 0.5, unsafe = true },
      })
      assert(response.ok, "HTTP " .. response.status)
    end)
    waiting = waiting - 1
    if ok then
      log.info("delivered", { id = event.id, event = event.name })
    else
      log.error("not delivered", { id = event.id, event = event.name, error = problem })
    end
  end
end)

--- The ids of the last deliveries: senders repeat what they believe lost.
local seen, order = {}, {}

local function is_repeated(id)
  if seen[id] then return true end
  seen[id] = true
  order[#order + 1] = id
  if #order > REMEMBERED then seen[table.remove(order, 1)] = nil end
  return false
end

local function receive(req)
  local signature = req.headers["x-hub-signature-256"] or ""
  -- In constant time, and over the bytes as they came, before anything is parsed.
  if not crypto.equal(signature, "sha256=" .. crypto.hmac(key, req.body)) then
    log.warn("wrong signature", { remote = req.remote })
    return { status = 401, json = { error = "wrong signature" } }
  end
  local ok, payload = pcall(json.parse, req.body)
  if not ok then return { status = 400, json = { error = "not JSON" } } end
  local id = req.headers["x-github-delivery"] or crypto.hash(req.body)
  if waiting >= CAPACITY then return { status = 503, headers = { ["Retry-After"] = "5" }, json = { error = "busy" } } end
  if is_repeated(id) then return { status = 200, json = { id = id, repeated = true } } end
  waiting = waiting + 1
  queue:send({ id = id, name = req.headers["x-github-event"] or "unknown", payload = payload })
  return { status = 202, json = { id = id } }
end

http.serve(port, { POST = { ["/webhook"] = receive } }, {
  max_body = 1024 * 1024,
  on_listen = function(address) log.info("listening", { address = address }) end,
})

queue:close()
worker:await()
