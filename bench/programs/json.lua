-- A JSON encoder and decoder in pure Lua.
local escapes = { ['"'] = '\\"', ["\\"] = "\\\\", ["\n"] = "\\n" }
local function encode(v, out)
  local kind = type(v)
  if kind == "table" then
    if #v > 0 then
      out[#out + 1] = "["
      for i, e in ipairs(v) do
        if i > 1 then out[#out + 1] = "," end
        encode(e, out)
      end
      out[#out + 1] = "]"
    else
      out[#out + 1] = "{"
      local first = true
      local keys = {}
      for k in pairs(v) do keys[#keys + 1] = k end
      table.sort(keys)
      for _, k in ipairs(keys) do
        if not first then out[#out + 1] = "," end
        first = false
        encode(k, out)
        out[#out + 1] = ":"
        encode(v[k], out)
      end
      out[#out + 1] = "}"
    end
  elseif kind == "string" then
    out[#out + 1] = '"' .. v:gsub('["\\\n]', escapes) .. '"'
  else
    out[#out + 1] = tostring(v)
  end
end
local decode
local function skip(s, i) return s:match("^%s*()", i) end
function decode(s, i)
  i = skip(s, i)
  local c = s:sub(i, i)
  if c == "{" then
    local t = {}
    i = skip(s, i + 1)
    if s:sub(i, i) == "}" then return t, i + 1 end
    while true do
      local k, v
      k, i = decode(s, i)
      i = skip(s, i)
      v, i = decode(s, i + 1)
      t[k] = v
      i = skip(s, i)
      if s:sub(i, i) == "}" then return t, i + 1 end
      i = i + 1
    end
  elseif c == "[" then
    local t = {}
    i = skip(s, i + 1)
    if s:sub(i, i) == "]" then return t, i + 1 end
    while true do
      t[#t + 1], i = decode(s, i)
      i = skip(s, i)
      if s:sub(i, i) == "]" then return t, i + 1 end
      i = i + 1
    end
  elseif c == '"' then
    local j = i + 1
    while true do
      local k = s:find('["\\]', j)
      if s:byte(k) == 34 then return (s:sub(i + 1, k - 1):gsub("\\(.)", "%1")), k + 1 end
      j = k + 2
    end
  elseif s:find("^true", i) then
    return true, i + 4
  elseif s:find("^false", i) then
    return false, i + 5
  else
    local number = s:match("^-?%d+%.?%d*[eE]?[+-]?%d*", i)
    return tonumber(number), i + #number
  end
end
local doc = {}
for i = 1, 2000 do
  doc[i] = { id = i, name = "item " .. i, tags = { "a", "b", 'c"d' }, price = i / 4, ok = i % 2 == 0 }
end
local text
for _ = 1, 25 do
  local out = {}
  encode(doc, out)
  text = table.concat(out)
  doc = decode(text, 1)
end
print(#text, doc[2000].name)
