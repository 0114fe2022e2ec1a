-- tries: to run for ever in tostring
-- expects: stop
-- options: --timeout 1s
tostring(setmetatable({}, { __tostring = function() while true do end end }))
