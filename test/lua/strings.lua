-- Splitting, joining and trimming, as scripts do it.
local function split(text, separator)
  local parts = {}
  for part in (text .. separator):gmatch("(.-)" .. separator:gsub("%p", "%%%0")) do
    parts[#parts + 1] = part
  end
  return parts
end
local parts = split("a.b..c", ".")
assert(#parts == 4 and table.concat(parts, "|") == "a|b||c")
assert(table.concat(split("x--y", "--"), "|") == "x|y")
assert(("  both ends\t"):match("^%s*(.-)%s*$") == "both ends")
----
-- A template with a function that itself formats and substitutes.
local function fill(template, values)
  return (template:gsub("{(%w+):?([^}]*)}", function(name, form)
    local value = values[name]
    if value == nil then return nil end
    return (form == "" and "%s" or form):format(value)
  end))
end
assert(fill("{name} costs {price:%6.2f}{unit}", { name = "tea", price = 2.5 }) == "tea costs   2.50{unit}")
----
-- Percent encoding there and back, over all bytes.
local all = {}
for byte = 0, 255 do all[#all + 1] = string.char(byte) end
all = table.concat(all)
local encoded = all:gsub("[^%w]", function(c) return ("%%%02X"):format(c:byte()) end)
assert(#encoded == 62 + 3 * 194)
local decoded = encoded:gsub("%%(%x%x)", function(hex) return string.char(tonumber(hex, 16)) end)
assert(decoded == all)
assert(all:reverse():reverse() == all and #all:upper() == 256)
----
-- Pattern items agree with each other about every byte.
for byte = 0, 255 do
  local c = string.char(byte)
  for class in ("acdglpsuwx"):gmatch(".") do
    local is = c:find("%" .. class) ~= nil
    assert(is == (c:find("%" .. class:upper()) == nil))
    assert(is == (c:find("[%" .. class .. "]") ~= nil))
    assert(is == (c:find("[^%" .. class .. "]") == nil))
  end
  assert(c:find("%w") == (c:find("%a") or c:find("%d")))
end
----
-- A quoted string reads back as itself.
local samples = { "", "plain", 'say "hi"', "back\\slash", "line\nbreak\r\0end", "\0001\1272", "\200\255" }
for _, sample in ipairs(samples) do
  assert(load("return " .. ("%q"):format(sample))() == sample)
end
for _, n in ipairs { 0, -1, math.maxinteger, math.mininteger, 0.1, -1e300, 2^-1074, 1/0, -1/0, 3.0 } do
  local back = load("return " .. ("%q"):format(n))()
  assert(back == n and math.type(back) == math.type(n))
end
----
-- What is packed comes out again, whatever the byte order and alignment.
for _, order in ipairs { "<", ">", "=" } do
  for _, align in ipairs { "", "!2", "!4", "!8" } do
    local format = order .. align .. "b h i4 j I8 f d s2 z c4 T"
    local packed = format:pack(-3, -300, -70000, math.mininteger, 1 << 39, 0.5, 0.1, "counted", "zero", "four", 7)
    local values = table.pack(format:unpack(packed))
    assert(values.n == 12 and values[12] == #packed + 1)
    assert(values[1] == -3 and values[2] == -300 and values[3] == -70000 and values[4] == math.mininteger)
    assert(values[5] == 1 << 39 and values[6] == 0.5 and values[7] == 0.1)
    assert(values[8] == "counted" and values[9] == "zero" and values[10] == "four" and values[11] == 7)
  end
end
----
-- Code points survive being encoded, also those beyond Unicode when asked for.
for _, code in ipairs { 0, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF } do
  local bytes = utf8.char(code)
  assert(utf8.codepoint(bytes) == code and utf8.len(bytes) == 1 and bytes:match("^" .. utf8.charpattern .. "$"))
end
for shift = 0, 30 do
  local bytes = utf8.char(1 << shift)
  assert(utf8.codepoint(bytes, 1, 1, true) == 1 << shift)
  assert((utf8.len(bytes) == 1) == (1 << shift <= 0x10FFFF))
end
----
-- Errors name the function as the call does, and stand on the line of the call.
local s = "abc"
s:rep({})                                      --! bad argument #1 to 'rep' (number expected, got table)
----
local short = string.format
short("%d", "x")                               --! bad argument #2 to 'short' (number expected, got string)
----
string.rep()                                   --! bad argument #1 to 'rep' (string expected, got no value)
----
("x"):bad()                                    --! attempt to call a nil value (method 'bad')
----
local n = "ten" + 1                            --! attempt to add a 'string' with a 'number'
----
("abc"):gsub("%w", "%9")                       --! invalid capture index %9
----
("abc"):find("[")                              --! malformed pattern (missing ']')
----
utf8.codepoint("\xFF")                         --! invalid UTF-8 code
----
-- The error of a replacement function is raised where the function raises it.
("abc"):gsub("b", function()
  error("not b")                               --! not b
end)
