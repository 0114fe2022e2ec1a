--- Checks of any HTTP service, whose failures are results instead of errors: status, latency, values in JSON, text in
--- bodies, and a report over several of them.
---
--- An address is complete, with its path and query. A table `{ url = …, ca_file = … }` adds the options of a client; so
--- does the last argument of every check, which also takes `follow_redirects = false`. Every result has `ok`, and `error`
--- when it is false.
--- Source: Assay
--- Example: local result = healthcheck.endpoint("http://web.shop/", { max_latency_ms = 800 }); assert.eq(result.ok, true, result.error)
local H = require("assay._http")

local M = {}

local spec = { name = "healthcheck", style = "call" }

local METHODS = { GET = true, HEAD = true, POST = true, PUT = true, PATCH = true, DELETE = true, OPTIONS = true }

--- A value as messages show it.
local function shown(value)
  if math.type(value) then return H.num(value) end
  if type(value) == "table" then
    local ok, text = pcall(H.json, value)
    return ok and text or "table"
  end
  return tostring(value)
end

--- What was wanted and what came, for a message; text in quotes where it would look like the other.
local function mismatch(expected, actual)
  local wanted, got = shown(expected), shown(actual)
  if wanted == got then
    if type(expected) == "string" then wanted = '"' .. wanted .. '"' end
    if type(actual) == "string" then got = '"' .. got .. '"' end
  end
  return ("expected %s, got %s"):format(wanted, got)
end

--- Sends one request to a complete address. Returns the response and the milliseconds it took, or nil and why there is none.
local function request(fn, target, method, opts, more)
  opts = opts or {}
  local started = H.clock.now()
  local ok, response = pcall(function()
    local address = type(target) == "table" and target.url or target
    H.need("healthcheck." .. fn, "url", address)
    local origin, rest = tostring(address):match("^(%a+://[^/?#]+)([^#]*)")
    if not origin then error(("healthcheck: invalid url '%s'"):format(H.shown(address)), 0) end
    if rest:sub(1, 1) ~= "/" then rest = "/" .. rest end
    local c = H.client(spec, type(target) == "table" and target or origin, { url = origin })
    local o = { fn = fn, raw = true, ok = H.any, opts = H.without(opts, "url"), accept = "*/*" }
    for key, value in pairs(more or {}) do o[key] = value end
    if opts.follow_redirects == false then o.redirects = 0 end
    started = H.clock.now()
    local _, response = H.request(c, method, rest, o)
    return response
  end)
  local took = math.floor((H.clock.now() - started) * 1000 + 0.5)
  if ok then return response, took end
  return nil, took, tostring(response)
end

--- Whether a status is the expected one, or one of them; and how a message names them.
local function expected_status(opts)
  local expected = opts and (opts.expected_status or opts.expect_status) or 200
  local list = type(expected) == "table" and expected or { expected }
  local names = {}
  for i, one in ipairs(list) do names[i] = shown(one) end
  return function(status)
    for _, one in ipairs(list) do
      if tonumber(one) == status then return true end
    end
    return false
  end, table.concat(names, " or ")
end

--- Makes a request and checks its status.
--- Source: Assay
---@param url string|assay.target the complete address
---@param opts { method: string?, headers: table?, body: string|table|nil, expected_status: integer|integer[]|nil, follow_redirects: boolean? }?
---  also the options of a client; method GET, status 200 unless said otherwise; a table goes out as JSON
---@return { ok: boolean, status: integer, latency_ms: integer, error: string? } result status 0 when there was no answer
--- Raises nothing.
--- Example: assert.eq(healthcheck.http("http://web.shop/", { method = "HEAD" }).ok, true)
function M.http(url, opts)
  opts = opts or {}
  local method = tostring(opts.method or "GET"):upper()
  if not METHODS[method] then
    return { ok = false, status = 0, latency_ms = 0, error = ("unknown method '%s'"):format(tostring(opts.method)) }
  end
  local body = opts.body
  if body == nil and (method == "POST" or method == "PUT" or method == "PATCH") then body = "" end
  local response, took, why = request("http", url, method, opts, { body = body })
  if not response then return { ok = false, status = 0, latency_ms = took, error = why } end
  local fits, names = expected_status(opts)
  local ok = fits(response.status)
  return {
    ok = ok,
    status = response.status,
    latency_ms = took,
    error = not ok and ("expected status %s, got %d"):format(names, response.status) or nil,
  }
end

--- The keys of a path such as `checks.db["a.b"].1`.
local function keys_of(path)
  local keys, at, text = {}, 1, tostring(path)
  while at <= #text do
    local quoted, after = text:match('^%.?%["(.-)"%]()', at)
    local index, after_index = text:match("^%.?%[(%d+)%]()", at)
    local plain, after_plain = text:match("^%.?([^.%[]+)()", at)
    if quoted then
      keys[#keys + 1], at = { name = quoted }, after
    elseif index then
      keys[#keys + 1], at = { name = index, index = math.tointeger(tonumber(index)) }, after_index
    elseif plain then
      keys[#keys + 1], at = { name = plain, index = plain:find("^%d+$") and math.tointeger(tonumber(plain)) or nil }, after_plain
    else
      at = at + 1
    end
  end
  return keys
end

--- The value at a path; nil and why not.
local function lookup(value, path)
  for _, key in ipairs(keys_of(path)) do
    if type(value) ~= "table" then return nil, ("path traversal failed at '%s': not a table"):format(key.name) end
    local next_value
    if key.index then next_value = value[key.index] end
    if next_value == nil then next_value = value[key.name] end
    if next_value == nil then return nil, ("path '%s': key '%s' not found"):format(tostring(path), key.name) end
    value = next_value
  end
  return value
end

local function equal(a, b)
  if type(a) ~= type(b) then return false end
  if type(a) ~= "table" then return a == b end
  for key, value in pairs(a) do
    if not equal(value, b[key]) then return false end
  end
  for key in pairs(b) do
    if a[key] == nil then return false end
  end
  return true
end

--- Fetches JSON. Returns the value, or nil and why there is none.
local function fetch_json(fn, url, opts)
  local response, took, why = request(fn, url, "GET", opts)
  if not response then return nil, why, 0, took end
  local fits = expected_status(opts)
  if not fits(response.status) then return nil, ("HTTP %d"):format(response.status), response.status, took end
  local ok, value = pcall(json.parse, response.body)
  if not ok then
    local detail = tostring(value):gsub("^.-json%.parse: ", "")
    return nil, "JSON parse error: " .. detail, response.status, took
  end
  return { value = value }, nil, response.status, took
end

--- Compares one value of a JSON document.
--- Source: Assay
---@param url string|assay.target the complete address
---@param path_expr string keys with dots between them; digits address list elements, from 1; `["a.b"]` for keys with dots
---@param expected any tables are compared deeply
---@param opts { expected_status: integer|integer[]|nil, follow_redirects: boolean? }? also the options of a client
---@return { ok: boolean, actual: any, expected: any, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.json_path("http://api.shop/health", "checks.db.status", "up").ok, true)
function M.json_path(url, path_expr, expected, opts)
  local document, why, status = fetch_json("json_path", url, opts)
  local actual
  if document then
    actual, why = lookup(document.value, path_expr)
    if why == nil and not equal(actual, expected) then why = mismatch(expected, actual) end
  end
  return { ok = why == nil, actual = actual, expected = expected, status = status, error = why }
end

--- Compares several values of one JSON document.
--- Source: Assay
---@param url string|assay.target the complete address
---@param expected table<string, any> values by path, as for `json_path`
---@param opts { expected_status: integer|integer[]|nil, follow_redirects: boolean? }? also the options of a client
---@return { ok: boolean, actual: table<string, any>, mismatches: string[], error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.json_match("http://api.shop/health", { ["status"] = "ok", ["checks.db.status"] = "up" }).ok, true)
function M.json_match(url, expected, opts)
  local document, why, status = fetch_json("json_match", url, opts)
  local actual, mismatches, paths = {}, {}, {}
  if document then
    for path in pairs(expected or {}) do paths[#paths + 1] = path end
    table.sort(paths)
    for _, path in ipairs(paths) do
      local value, missing = lookup(document.value, path)
      actual[path] = value
      if missing then
        mismatches[#mismatches + 1] = missing
      elseif not equal(value, expected[path]) then
        mismatches[#mismatches + 1] = ("%s: %s"):format(path, mismatch(expected[path], value))
      end
    end
    if #mismatches > 0 then why = table.concat(mismatches, "; ") end
  end
  return { ok = why == nil, actual = actual, mismatches = mismatches, status = status, error = why }
end

--- Checks a status.
--- Source: Assay
---@param url string|assay.target the complete address
---@param expected integer|integer[]
---@param opts { follow_redirects: boolean? }? also the options of a client
---@return { ok: boolean, status: integer, error: string? } result status 0 when there was no answer
--- Raises nothing.
--- Example: assert.eq(healthcheck.status_code("http://web.shop/none", 404).ok, true)
function M.status_code(url, expected, opts)
  local response, _, why = request("status_code", url, "GET", opts)
  if not response then return { ok = false, status = 0, error = why } end
  local fits, names = expected_status({ expected_status = expected })
  local ok = fits(response.status)
  return {
    ok = ok,
    status = response.status,
    error = not ok and ("expected status %s, got %d"):format(names, response.status) or nil,
  }
end

--- Looks for a text in a body, whatever the status.
--- Source: Assay
---@param url string|assay.target the complete address
---@param pattern string taken literally
---@param opts { follow_redirects: boolean? }? also the options of a client
---@return { ok: boolean, found: boolean, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.body_contains("http://web.shop/", "Welcome").ok, true)
function M.body_contains(url, pattern, opts)
  local response, _, why = request("body_contains", url, "GET", opts)
  if not response then return { ok = false, found = false, error = why } end
  local found = response.body:find(tostring(pattern), 1, true) ~= nil
  return { ok = found, found = found, error = not found and "pattern not found in response body" or nil }
end

--- Looks for a regular expression in a body, whatever the status.
--- Source: Assay
---@param url string|assay.target the complete address
---@param pattern string in RE2 syntax
---@param opts { follow_redirects: boolean? }? also the options of a client
---@return { ok: boolean, found: boolean, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.body_matches("http://web.shop/", "Wel+come").ok, true)
function M.body_matches(url, pattern, opts)
  local response, _, why = request("body_matches", url, "GET", opts)
  if not response then return { ok = false, found = false, error = why } end
  local ok, found = pcall(regex.match, pattern, response.body)
  if not ok then return { ok = false, found = false, error = (tostring(found):gsub("^.-regex%.match: ", "")) } end
  return { ok = found, found = found, error = not found and "pattern not found in response body" or nil }
end

--- Checks a header of a response, whatever the status.
--- Source: Assay
---@param url string|assay.target the complete address
---@param name string in any case
---@param expected string? nil: any value
---@param opts { follow_redirects: boolean? }? also the options of a client
---@return { ok: boolean, actual: string?, expected: string?, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.header("http://web.shop/", "Content-Type", "text/html").ok, true)
function M.header(url, name, expected, opts)
  local response, _, why = request("header", url, "GET", opts)
  local actual
  if response then
    actual = response.headers[tostring(name):lower()]
    if actual == nil then
      why = ("header '%s' not found"):format(tostring(name))
    elseif expected ~= nil and actual ~= tostring(expected) then
      why = ("expected %s, got %s"):format(shown(expected), actual)
    end
  end
  return { ok = why == nil, actual = actual, expected = expected, error = why }
end

--- Checks where a redirect leads, without following it.
--- Source: RFC 9110 §15.4
---@param url string|assay.target the complete address
---@param expected_location string
---@param status integer? nil: any redirect
---@param opts assay.options?
---@return { ok: boolean, status: integer, location: string?, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.redirect("http://web.shop/old", "/new", 301).ok, true)
function M.redirect(url, expected_location, status, opts)
  local response, _, why = request("redirect", url, "GET", opts, { redirects = 0 })
  if not response then return { ok = false, status = 0, error = why } end
  local location = response.headers.location
  if status ~= nil and response.status ~= status then
    why = ("expected status %s, got %d"):format(shown(status), response.status)
  elseif response.status < 300 or response.status > 399 or not location then
    why = ("no redirect (status %d)"):format(response.status)
  elseif location ~= expected_location then
    why = ("expected %s, got %s"):format(shown(expected_location), location)
  end
  return { ok = why == nil, status = response.status, location = location, error = why }
end

--- Checks status and latency.
--- Source: Assay
---@param url string|assay.target the complete address
---@param opts { expected_status: integer|integer[]|nil, max_latency_ms: number?, follow_redirects: boolean? }? also the options of a
---  client; status 200 and 5000 ms unless said otherwise
---@return { ok: boolean, status: integer, latency_ms: integer, error: string? } result status 0 when there was no answer
--- Raises nothing.
--- Example: assert.eq(healthcheck.endpoint("http://web.shop/", { max_latency_ms = 800 }).ok, true)
function M.endpoint(url, opts)
  opts = opts or {}
  local limit = opts.max_latency_ms or 5000
  -- A service that hangs has failed long before the usual time-out.
  local timeout = math.min(opts.timeout or type(url) == "table" and url.timeout or 30, math.max(2 * limit / 1000, 0.001))
  local response, took, why = request("endpoint", url, "GET", setmetatable({ timeout = timeout }, { __index = opts }))
  if not response then return { ok = false, status = 0, latency_ms = took, error = why } end
  local fits, names = expected_status(opts)
  if not fits(response.status) then
    why = ("expected status %s, got %d"):format(names, response.status)
  elseif took > limit then
    why = ("latency %dms exceeds threshold %sms"):format(took, shown(limit))
  end
  return { ok = why == nil, status = response.status, latency_ms = took, error = why }
end

--- Measures latency over several requests, one after the other.
--- Source: Assay
---@param url string|assay.target the complete address
---@param opts { samples: integer?, expected_status: integer|integer[]|nil, max_p95_ms: number? }? 10 samples unless said
---  otherwise; also the options of a client
---@return { ok: boolean, min: integer?, median: integer?, p95: integer?, samples: integer, failed: integer, error: string? } result in ms
--- Raises nothing.
--- Example: assert.lt(healthcheck.latency("http://web.shop/", { samples = 3 }).p95, 1000)
function M.latency(url, opts)
  opts = opts or {}
  local times, failed, why = {}, 0, nil
  local fits, names = expected_status(opts)
  local samples = math.max(math.tointeger(opts.samples) or 10, 1)
  for _ = 1, samples do
    local response, took, reason = request("latency", url, "GET", opts)
    if response and fits(response.status) then
      times[#times + 1] = took
    else
      failed = failed + 1
      why = reason or ("expected status %s, got %d"):format(names, response.status)
    end
  end
  table.sort(times)
  local function rank(share)
    return times[math.max(1, math.ceil(share * #times))]
  end
  local p95 = rank(0.95)
  if not why and opts.max_p95_ms and p95 > opts.max_p95_ms then
    why = ("latency %dms exceeds threshold %sms"):format(p95, shown(opts.max_p95_ms))
  end
  return { ok = why == nil, min = times[1], median = rank(0.5), p95 = p95, samples = samples, failed = failed, error = why }
end

--- Waits until a service answers with the expected status.
--- Source: Assay
---@param url string|assay.target the complete address
---@param opts { expect_status: integer|integer[]|nil, timeout: number?, interval: number?, headers: table? }? status 200, 60 seconds,
---  2 seconds between requests unless said otherwise; also the options of a client
---@return { ok: true, status: integer, attempts: integer } result
--- Raises "healthcheck.wait: URL not healthy after Ns (last: …)".
--- Example: assert.eq(healthcheck.wait("http://web.shop/", { timeout = 30 }).attempts, 1)
function M.wait(url, opts)
  opts = opts or {}
  local timeout, interval = H.waiting("healthcheck.wait", opts.timeout, opts, 60, 2)
  local fits, names = expected_status(opts)
  local attempts = 0
  local address = H.shown(type(url) == "table" and url.url or url)
  -- The time-out is that of all attempts together.
  local each = H.without(opts, "timeout")
  return H.poll({
    timeout = timeout,
    interval = interval,
    message = ("healthcheck.wait: %s not healthy after %s"):format(address, H.seconds(timeout)),
    check = function()
      attempts = attempts + 1
      local response, _, why = request("wait", url, "GET", each)
      if not response then return false, why end
      local ok = fits(response.status)
      return ok and { ok = true, status = response.status, attempts = attempts },
        ("expected status %s, got %d"):format(names, response.status)
    end,
  })
end

-- --- below HTTP ------------------------------------------------------------------------------------------------------

--- Checks that a connection can be made.
--- Source: RFC 9293
---@param host string
---@param port integer
---@param opts { timeout: number? }? 5 seconds unless said otherwise
---@return { ok: boolean, latency_ms: integer, address: string?, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.tcp("db.shop", 5432).ok, false)
function M.tcp(host, port, opts)
  local started = H.clock.now()
  local ok, found = pcall(net.tcp, host, port, { timeout = opts and opts.timeout or 5 })
  local took = math.floor((H.clock.now() - started) * 1000 + 0.5)
  if not ok then return { ok = false, latency_ms = took, error = (tostring(found):gsub("^.-net%.tcp: ", "")) } end
  return { ok = true, latency_ms = took, address = found.address }
end

--- Checks a server's certificate: that it is trusted, is for that host, and is valid for some time to come.
--- Source: RFC 5280, RFC 8446
---@param host string
---@param port integer? 443 unless said otherwise
---@param opts { min_days: number?, timeout: number?, server_name: string?, ca_file: string? }? 14 days unless said otherwise
---@return { ok: boolean, days_left: number?, subject: string?, issuer: string?, not_after: string?, error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.tls("web.shop", 443, { min_days = 7 }).ok, false)
function M.tls(host, port, opts)
  if type(port) == "table" then
    port, opts = nil, port
  end
  opts = opts or {}
  local ok, found = pcall(net.tls, host, port or 443, {
    timeout = opts.timeout or 10, server_name = opts.server_name, ca = opts.ca_file or opts.ca,
  })
  if not ok then return { ok = false, error = (tostring(found):gsub("^.-net%.tls: ", "")) } end
  local days = ((H.parse_time(found.not_after) or 0) - H.clock.time()) / 86400
  local wanted = opts.min_days or 14
  local why
  if days < wanted then
    why = ("certificate expires in %d days, expected at least %s"):format(math.floor(days), shown(wanted))
  end
  return {
    ok = why == nil, days_left = days, subject = found.subject, issuer = found.issuer, not_after = found.not_after, error = why,
  }
end

--- Checks what a name resolves to.
--- Source: RFC 1035
---@param name string
---@param opts { expect: string|string[]|nil, type: string?, timeout: number? }? addresses that must be among the answers; A
---  and AAAA unless `type` says otherwise
---@return { ok: boolean, addresses: string[], error: string? } result
--- Raises nothing.
--- Example: assert.eq(healthcheck.dns("no-such-name.invalid").ok, false)
function M.dns(name, opts)
  opts = opts or {}
  local ok, found = pcall(net.resolve, name, { type = opts.type, timeout = opts.timeout or 5 })
  if not ok then return { ok = false, addresses = {}, error = (tostring(found):gsub("^.-net%.resolve: ", "")) } end
  local there, why = {}, #found == 0 and "no answers" or nil
  for _, address in ipairs(found) do there[address] = true end
  for _, wanted in ipairs(type(opts.expect) == "table" and opts.expect or { opts.expect }) do
    if not there[wanted] then why = why or ("expected %s, got %s"):format(wanted, table.concat(found, ", ")) end
  end
  return { ok = why == nil, addresses = found, error = why }
end

-- --- reports ---------------------------------------------------------------------------------------------------------

local Report = {}
Report.__index = Report

--- The failures of a report or a result, as one text; nil when there are none.
local function failures_of(result)
  if type(result) ~= "table" then return result and nil or "check returned " .. type(result) end
  if result.ok then return nil end
  if type(result.results) ~= "table" then return result.error or "check failed" end
  local texts = {}
  for _, one in ipairs(result.results) do
    if not one.ok then texts[#texts + 1] = ("%s: %s"):format(tostring(one.name), one.error or "failed") end
  end
  return table.concat(texts, "; ")
end

--- Raises with the failures of a result or a report; the usual last line of a job. A report has it as a method.
--- Source: Assay
---@param result table
---@param message string? in front of the failures
---@return table result as given
--- Raises "MESSAGE: NAME: ERROR; …".
--- Example: healthcheck.assert(healthcheck.endpoint("http://web.shop/"), "web is down")
function M.assert(result, message)
  local why = failures_of(result)
  if why then error(message and ("%s: %s"):format(message, why) or why, 0) end
  return result
end
Report.assert = M.assert

--- One run of one check.
local function run(check)
  local ok, result = pcall(check.check)
  if not ok then return { ok = false, error = tostring(result) } end
  if type(result) ~= "table" then
    local passed = result ~= nil and result ~= false
    return { ok = passed, error = not passed and "check returned " .. type(result) or nil }
  end
  local copy = {}
  for key, value in pairs(result) do copy[key] = value end
  return copy
end

--- Runs several checks and collects their results, in their order.
--- Source: Assay
---@param checks { name: string, check: fun(): any }[] a check that raises has failed; one that returns something other than a
---  table has passed unless that is false or nil
---@param opts { parallel: integer?, retries: integer?, retry_delay: number? }? so many at a time (1); further attempts of a
---  check that fails (0), and seconds before each (1)
---@return { ok: boolean, results: table[], passed: integer, failed: integer, total: integer, assert: fun(self: table) } report each result is a copy of the
---  check's with `name`, `duration_ms` and, with retries, `attempts`; `report:assert()` raises the failures
--- Raises nothing.
--- Example: healthcheck.multi({ { name = "web", check = function() return healthcheck.endpoint("http://web.shop/") end } }):assert()
function M.multi(checks, opts)
  H.need("healthcheck.multi", "checks", checks)
  opts = opts or {}
  local retries, delay = opts.retries or 0, opts.retry_delay or 1
  local function one(check)
    local attempts, result, started = 0, nil, nil
    repeat
      if attempts > 0 then H.clock.sleep(delay) end
      attempts = attempts + 1
      started = H.clock.now()
      result = run(check)
    until result.ok or attempts > retries
    result.name = check.name
    result.duration_ms = math.floor((H.clock.now() - started) * 1000 + 0.5)
    if retries > 0 then result.attempts = attempts end
    return result
  end
  local results = {}
  if opts.parallel and opts.parallel > 1 and async then
    results = async.map(checks, one, { concurrency = opts.parallel })
  else
    for i, check in ipairs(checks) do results[i] = one(check) end
  end
  local report = { ok = true, results = results, passed = 0, failed = 0, total = #results }
  for _, result in ipairs(results) do
    if result.ok then
      report.passed = report.passed + 1
    else
      report.failed, report.ok = report.failed + 1, false
    end
  end
  return setmetatable(report, Report)
end

--- A report as a table to print: a line for each check with its result and duration.
--- Source: Assay
---@param report table what `multi` returned
---@return string text
--- Raises nothing.
--- Example: print(healthcheck.summary(healthcheck.multi({ { name = "web", check = function() return true end } })))
function M.summary(report)
  H.need("healthcheck.summary", "report", report)
  local width, lines = 4, {}
  for _, result in ipairs(report.results) do width = math.max(width, #tostring(result.name)) end
  for i, result in ipairs(report.results) do
    lines[i] = ("%-" .. width .. "s  %-6s  %6s ms%s"):format(tostring(result.name), result.ok and "ok" or "FAILED",
      shown(result.duration_ms or result.latency_ms or 0), result.error and "  " .. result.error or "")
  end
  lines[#lines + 1] = ("%d passed, %d failed, %d in total"):format(report.passed, report.failed, report.total)
  return table.concat(lines, "\n")
end
Report.summary = M.summary

return M
