-- Lua patterns: matching lines of a log.
local lines = {}
for i = 1, 200000 do
  lines[i] = ("2026-%02d-%02d %02d:%02d:%02d INFO [svc-%d] request path=/api/v%d/items/%d status=%d"):format(
    i % 12 + 1, i % 28 + 1, i % 24, i % 60, i % 60, i % 7, i % 3, i, i % 2 == 0 and 200 or 500)
end
local errors, services = 0, {}
for _, line in ipairs(lines) do
  local date, service, path, status = line:match("^(%d+%-%d+%-%d+) .- %[(svc%-%d)%] .-path=(%S+) status=(%d+)$")
  if tonumber(status) >= 500 then errors = errors + 1 end
  services[service] = (services[service] or 0) + #path + #date
  line:gsub("%d+", function(d) return #d > 3 and "N" or nil end)
end
print(errors, services["svc-3"])
