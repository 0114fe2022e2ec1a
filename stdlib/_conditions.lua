--- Conditions of Kubernetes objects, and lists of objects judged by them. Internal: a part of `assay._kubernetes`, which
--- hands these functions out.
--- Source: Kubernetes API conventions, "Typical status properties"
local M = {}

--- The entry of `status.conditions` of a type; nil when there is none.
---@param object table?
---@param kind string the condition's `type`
---@return table?
function M.condition(object, kind)
  for _, one in ipairs(M.conditions(object)) do
    if one.type == kind then return one end
  end
  return nil
end

--- The conditions of an object, always a list.
---@param object table?
---@return table[]
function M.conditions(object)
  local status = object and object.status
  local list = type(status) == "table" and status.conditions
  if type(list) ~= "table" then return {} end
  for _, one in ipairs(list) do
    -- Nothing of a list with something else in it can be relied on.
    if type(one) ~= "table" then return {} end
  end
  return list
end

--- Whether a status is about an earlier state of the object than the one it is in now.
---@param object table
---@param condition table?
---@return boolean
function M.is_stale(object, condition)
  local generation = type(object.metadata) == "table" and object.metadata.generation
  if not math.type(generation) then return false end
  local observed = type(object.status) == "table" and object.status.observedGeneration
  if math.type(observed) and observed < generation then return true end
  observed = condition and condition.observedGeneration
  return math.type(observed) ~= nil and observed < generation
end

--- Whether a condition is there, "True", and about the object as it is now.
---@param object table?
---@param kind string
---@return boolean
function M.is_true(object, kind)
  local condition = M.condition(object, kind)
  return condition ~= nil and condition.status == "True" and not M.is_stale(object, condition)
end

--- Reason and message of a condition, as one text; nil without them.
---@param condition table?
---@return string?
function M.why(condition)
  if not condition then return nil end
  local reason, message = condition.reason or "", condition.message or ""
  if reason == "" and message == "" then return nil end
  return (reason ~= "" and message ~= "") and reason .. ": " .. message or reason .. message
end

--- What is known about an object that is not there yet, for the text of a wait that gave up.
---@param object table?
---@param kind string
---@return string
function M.seen(object, kind)
  if not object then return "not found" end
  local condition = M.condition(object, kind)
  if not condition then return "no condition " .. kind end
  local text = kind .. "=" .. tostring(condition.status)
  local why = M.why(condition)
  if why then text = text .. ", " .. why end
  return M.is_stale(object, condition) and text .. " (of an earlier generation)" or text
end

--- An object's name for a list of offenders; with its namespace where several are listed.
local function offender(object, with_namespace)
  local metadata = object.metadata or {}
  local name = metadata.name or "unknown"
  return with_namespace and metadata.namespace and metadata.namespace .. "/" .. name or name
end

--- Counts the objects of a list by a predicate.
---@param items table[]
---@param holds fun(object: table): boolean
---@param good string the field that counts those for which it holds
---@param bad string the field that counts the others; their names are in `<bad>_names`
---@param o { namespace: string?, cluster: boolean?, condition: string?, why: (fun(object: table): string?)? }?
---@return table summary with `total` and `reasons` too
function M.summary(items, holds, good, bad, o)
  o = o or {}
  local names, reasons = {}, {}
  local out = { [good] = 0, [bad] = 0, total = 0, [bad .. "_names"] = names, reasons = reasons }
  local with_namespace = not o.cluster and (o.namespace == nil or o.namespace == "*")
  for _, object in ipairs(items) do
    out.total = out.total + 1
    if holds(object) then
      out[good] = out[good] + 1
    else
      out[bad] = out[bad] + 1
      local name = offender(object, with_namespace)
      names[#names + 1] = name
      reasons[name] = o.why and o.why(object) or M.why(M.condition(object, o.condition or "Ready"))
    end
  end
  return out
end

return M
