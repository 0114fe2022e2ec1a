--- Watching a collection over broken and ended connections. Internal: `assay.k8s` uses it.
--- Source: Kubernetes API concepts, "Efficient detection of changes", "Watch bookmarks".
local H = require("assay._http")
local errors = require("assay._error")

local M = {}

--- Seconds after which the server is to end a watch, so that a connection that has died unnoticed is opened again.
local WATCH_FOR = 300
--- Seconds that opening one may take, unless the script says otherwise.
local OPENING = 30
--- Seconds that it may take longer.
local GRACE = 30

--- What to do with one event of a watch: true to go on.
local function next_event(state, line)
  local ok, event = pcall(json.parse, line)
  if not ok or type(event) ~= "table" then return nil end
  local object = type(event.object) == "table" and event.object or {}
  if event.type == "ERROR" then
    -- Too old: what happened in between cannot be told any more, so everything is told anew.
    if object.code == 410 then
      state.version = nil
      return nil, true
    end
    error(("k8s.watch: HTTP %d %s: %s"):format(object.code or 500, state.path, line), 0)
  end
  local version = object.metadata and object.metadata.resourceVersion
  if version then state.version = version end
  if event.type == "BOOKMARK" then return nil end
  return event.type, object
end

--- The events of a watch, one at each call. The server ends watches after some time; they are opened again where they ended.
function M.events(c, path, opts)
  local state = { version = opts.resource_version, path = path }
  local finish = opts.timeout_secs and H.clock.now() + opts.timeout_secs
  local stream, pause = nil, 0
  local function left()
    return finish and math.max(finish - H.clock.now(), 0)
  end
  local function open()
    local remaining = left()
    stream = H.stream(c, "GET", path, {
      fn = "watch",
      -- Of the answer's head only; the events may come whenever they like.
      opts = remaining and { timeout = math.min(H.field(c, "timeout") or OPENING, math.max(remaining, 1)) } or nil,
      query = {
        { "watch", "1" }, { "allowWatchBookmarks", true }, { "labelSelector", opts.label_selector },
        { "fieldSelector", opts.field_selector }, { "resourceVersion", state.version },
        { "timeoutSeconds", remaining and math.max(1, math.ceil(math.min(remaining, WATCH_FOR))) or WATCH_FOR },
      },
    })
  end
  local function shut()
    if stream then stream:close() end
    stream = nil
  end
  local function nothing_came()
    shut()
    -- A server that closes at once is not asked again at once.
    H.clock.sleep(finish and math.min(pause, left()) or pause)
    pause = math.min(pause * 2 + 1, 30)
  end
  local function next_one()
    while not finish or left() > 0 do
      if not stream then
        local ok, message = pcall(open)
        if not ok then
          local parts = errors.parse(message)
          if parts and parts.status == 410 and state.version then
            state.version = nil
          elseif errors.passing(message) and not (parts and parts.status == 404) then
            nothing_came()
          else
            error(message, 0)
          end
        end
      else
        local ok, line = pcall(stream.line, stream, math.min(left() or math.huge, WATCH_FOR + GRACE))
        if ok and line then
          local kind, object = next_event(state, line)
          if kind then
            pause = 0
            return kind, object
          elseif object then
            shut()
          end
        else
          nothing_came()
        end
      end
    end
    shut()
    return nil
  end
  return next_one, setmetatable({}, { __close = shut })
end

return M
