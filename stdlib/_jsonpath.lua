--- The part of kubectl's JSONPath that waiting needs: fields, list elements, and filters that compare. Internal:
--- `assay.k8s` uses it.
--- Source: Kubernetes documentation, "JSONPath Support".
local M = {}

local function broken(path, rest)
  error(("k8s.wait_for: cannot read the JSONPath '%s' at '%s'"):format(path, rest), 0)
end

--- The steps of a path, such as `{.status.conditions[?(@.type=="Ready")].status}`.
---@param path string
---@return table[] steps
local function parse(path)
  local text = path:match("^%s*{(.*)}%s*$") or path
  text = text:gsub("^%$", "")
  if text:sub(1, 1) ~= "." and text:sub(1, 1) ~= "[" then text = "." .. text end
  local steps, at = {}, 1
  while at <= #text do
    local char = text:sub(at, at)
    if char == "." then
      -- A dot that belongs to the name is written as \.
      local name, stop = {}, at + 1
      while stop <= #text do
        local next_char = text:sub(stop, stop)
        if next_char == "\\" then
          stop = stop + 1
          name[#name + 1] = text:sub(stop, stop)
        elseif next_char == "." or next_char == "[" then
          break
        else
          name[#name + 1] = next_char
        end
        stop = stop + 1
      end
      if #name == 0 then broken(path, text:sub(at)) end
      steps[#steps + 1] = { field = table.concat(name) }
      at = stop
    else
      local index, after = text:match("^%[(%-?%d+)%]()", at)
      local quote, field, after_field = text:match("^%[(['\"])(.-)%1%]()", at)
      local left, operator, right, after_filter = text:match("^%[%?%(%s*@(%.[^=!%s]+)%s*([=!]=)%s*(.-)%s*%)%]()", at)
      if index then
        steps[#steps + 1], at = { index = tonumber(index) }, after
      elseif quote then
        steps[#steps + 1], at = { field = field }, after_field
      elseif text:find("^%[%*%]", at) then
        steps[#steps + 1], at = { every = true }, at + 3
      elseif left then
        local wanted = right:match("^(['\"]).*%1$") and right:sub(2, -2) or right
        steps[#steps + 1], at = { filter = parse(left), equal = operator == "==", wanted = wanted }, after_filter
      else
        broken(path, text:sub(at))
      end
    end
  end
  return steps
end

local function walk(values, steps)
  for _, step in ipairs(steps) do
    local found = {}
    for _, value in ipairs(values) do
      if type(value) == "table" then
        if step.field then
          found[#found + 1] = value[step.field]
        elseif step.index then
          found[#found + 1] = value[step.index < 0 and #value + step.index + 1 or step.index + 1]
        else
          for _, one in ipairs(value) do
            local matches = true
            if step.filter then
              local got = walk({ one }, step.filter)[1]
              matches = (got ~= nil and tostring(got) == step.wanted) == step.equal
            end
            if matches then found[#found + 1] = one end
          end
        end
      end
    end
    values = found
  end
  return values
end

--- The values at a path, in order; none when there is nothing.
---@param object table
---@param path string
---@return any[]
function M.find(object, path)
  return walk({ object }, parse(path))
end

return M
