--- Running a command in a container over a websocket. Internal: `assay.k8s` uses it.
--- Source: Kubernetes remote command protocol, subprotocols v4.channel.k8s.io and v5.channel.k8s.io: each message begins
--- with a byte that names its channel.
local H = require("assay._http")

local M = {}

local STDIN, STDOUT, STDERR, STATUS, CLOSE = "\0", "\1", "\2", "\3", "\xff"
--- Standard input goes out in pieces of this many bytes.
local PIECE = 32768

--- The exit code that a status message tells.
---@param status { status: string, reason: string?, message: string?, details: table? }
---@return integer? code, string? message nil when it was not the command that failed
local function exit_code(status)
  if status.status == "Success" then return 0 end
  if status.reason == "NonZeroExitCode" then
    for _, cause in ipairs(status.details and status.details.causes or {}) do
      if cause.reason == "ExitCode" then return math.tointeger(tonumber(cause.message)) end
    end
  end
  return nil, status.message or status.reason or "no reason given"
end

---@class assay._exec.plan
---@field path string
---@field command string[]
---@field container string?
---@field stdin string?
---@field tty boolean?
---@field timeout number seconds

--- Runs a command. Raises when it could not be run, or did not end in time.
---@param c table
---@param plan assay._exec.plan
---@return { stdout: string, stderr: string, exit_code: integer }
function M.run(c, plan)
  local finish = H.clock.now() + plan.timeout
  local conn <close> = H.websocket(c, plan.path, {
    fn = "exec",
    query = {
      { "container", plan.container },
      { "command", plan.command },
      { "stdin", plan.stdin ~= nil or nil },
      { "stdout", true },
      -- A terminal has one output.
      { "stderr", not plan.tty },
      { "tty", plan.tty or nil },
    },
    subprotocols = { "v5.channel.k8s.io", "v4.channel.k8s.io" },
  })
  if plan.stdin then
    for at = 1, #plan.stdin, PIECE do
      ws.send(conn, STDIN .. plan.stdin:sub(at, at + PIECE - 1), { binary = true })
    end
    -- Version 4 has no way to say that there is no more.
    if conn:subprotocol() == "v5.channel.k8s.io" then ws.send(conn, CLOSE .. STDIN, { binary = true }) end
  end
  local out, err = {}, {}
  while true do
    local ok, message = pcall(ws.recv, conn, math.max(finish - H.clock.now(), 0))
    if not ok then
      local reason = tostring(message):match("ws%.recv: (.*)$") or tostring(message)
      if reason == "timeout" then reason = "timeout after " .. H.seconds(plan.timeout) end
      error(("k8s.exec: GET %s: %s"):format(plan.path, reason), 0)
    end
    local channel, data = message:sub(1, 1), message:sub(2)
    if channel == STDOUT then
      out[#out + 1] = data
    elseif channel == STDERR then
      err[#err + 1] = data
    elseif channel == STATUS then
      local parsed, status = pcall(json.parse, data)
      local code, why = exit_code(parsed and type(status) == "table" and status or { reason = data })
      if not code then error(("k8s.exec: GET %s: %s"):format(plan.path, why), 0) end
      return { stdout = table.concat(out), stderr = table.concat(err), exit_code = code }
    end
  end
end

return M
