-- Building, slicing, searching and formatting strings.
local parts = {}
for i = 1, 600000 do
  local s = string.format("%05d:%s", i, ("ab"):rep(i % 5))
  if s:find("7", 1, true) then s = s:upper() end
  parts[#parts + 1] = s:sub(2, -1) .. "," .. #s
end
local text = table.concat(parts, ";")
local count = 0
for word in text:gmatch("[^;]+") do
  if word:byte(1) == 48 then count = count + 1 end
end
local replaced, n = text:gsub("a(b)", "%1a")
print(#text, count, n, #replaced)
