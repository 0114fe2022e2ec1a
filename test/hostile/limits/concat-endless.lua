-- tries: to run on in table.concat (M07)
-- expects: error timeout of 2s exceeded|not enough memory
-- options: --timeout 2s
table.concat(setmetatable({}, { __index = function() return "x" end, __len = function() return math.maxinteger end }))
