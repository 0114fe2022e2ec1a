#!/usr/bin/assay
-- Which TLS certificates expire soon? Prints one line for each host, the most urgent first, and fails when one of them
-- expires within WARN_DAYS, is not valid, or cannot be asked for.
--
--   assay certificate-report.lua shop.example.com api.example.com:8443 …
--
-- HOSTS       more of them, separated by blanks
-- WARN_DAYS   21
-- CA_FILE     authorities to trust instead of the usual ones, for internal services
-- FORMAT      text or json
local warn_days = tonumber(env.get("WARN_DAYS", "21"))
local ca = env.get("CA_FILE")

local hosts = { table.unpack(arg) }
for host in env.get("HOSTS", ""):gmatch("%S+") do hosts[#hosts + 1] = host end
assert(#hosts > 0, "usage: certificate-report.lua HOST[:PORT]…")

local function examine(target)
  local host, port = target:match("^(.-):(%d+)$")
  local ok, result = pcall(net.tls, host or target, tonumber(port or 443), { ca = ca, timeout = 5 })
  if not ok then return { host = target, days = -math.huge, problem = result } end
  local days = math.floor(result.days_left)
  local problem = days < warn_days and ("expires in %d days"):format(days) or nil
  return { host = target, days = days, expires = result.not_after, issuer = result.issuer, problem = problem }
end

local report = async.map(hosts, examine, { concurrency = 10 })
table.sort(report, function(a, b) return a.days < b.days end)

local failed = 0
for _, row in ipairs(report) do
  if row.problem then failed = failed + 1 end
  if row.days == -math.huge then row.days = nil end
end

if env.get("FORMAT") == "json" then
  print(json.encode({ failed = failed, certificates = json.array(report) }, { indent = 2, sort_keys = true }))
else
  for _, row in ipairs(report) do
    print(("%-4s  %-32s %6s  %s"):format(row.problem and "WARN" or "ok", row.host, row.days or "-", row.problem or row.issuer))
  end
end
if failed > 0 then error(("%d of %d certificates need attention"):format(failed, #report), 0) end
