-- Arrays and dictionaries: filling, reading, removing.
local total = 0
for round = 1, 30 do
  local list, map = {}, {}
  for i = 1, 100000 do list[i] = i * 2 end
  for i = 1, #list do map["k" .. (i % 5000)] = list[i] end
  for _, v in pairs(map) do total = total + v end
  for i = 1, 50000 do table.insert(list, i) end
  while #list > 1000 do total = total + table.remove(list) end
end
print(total)
