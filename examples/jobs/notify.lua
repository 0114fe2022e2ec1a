#!/usr/bin/assay
-- Tells a chat room how a run of checks went, through a webhook that takes what Slack's takes (Mattermost, Rocket.Chat and
-- others do too).
--
--   assay --output json=result.json checks.yaml; assay notify.lua result.json
--
-- CHAT_WEBHOOK_URL(_FILE)   the webhook; its address is a secret
-- TITLE                     what the message is about
-- ONLY_FAILURES             yes: say nothing when all is well
local function secret(name)
  local file = env.get(name .. "_FILE")
  return file and fs.read(file):match("^%s*(.-)%s*$") or env.require(name)
end

local MESSAGE <const> = [[
{% if failed %}:red_circle:{% else %}:large_green_circle:{% endif %} *{{ title }}*: {{ passed }} of {{ total }} checks passed
{% for result in results if result.status == "failed" %}• *{{ result.name | e }}*: {{ result.error | truncate(300) | e }}
{% endfor %}]]

local path = assert(arg[1], "usage: notify.lua RESULT.json")
local report = json.parse(fs.read(path))
if report.failed == 0 and env.get("ONLY_FAILURES") == "yes" then return end

local text = template.render_string(MESSAGE, {
  title = env.get("TITLE", "Checks"),
  passed = report.passed,
  failed = report.failed > 0,
  total = report.total,
  results = report.results,
}, { trim_blocks = true })

local ok, response = pcall(http.post, secret("CHAT_WEBHOOK_URL"), { text = text }, {
  timeout = 10,
  -- Chat services limit how often one may speak; Retry-After is honoured.
  retries = { count = 3, backoff = 0.5, unsafe = true },
})
-- The address is a secret: what is said about a failure must not repeat it.
if not ok then error("the message was not delivered: " .. tostring(response):match("[^: ][^:]*$"), 0) end
assert(response.ok, ("the message was not delivered: HTTP %d %s"):format(response.status, response.body:sub(1, 200)))
log.info("delivered")
