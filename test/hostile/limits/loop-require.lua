-- tries: to run for ever in a module
-- expects: stop
-- options: --timeout 1s
package.preload.x = function() while true do end end
require("x")
