-- tries: to replace built-in libraries and modules for code that runs later
-- expects: ok
package.loaded.string = { rep = error }
package.loaded.http = { get = error }
package.loaded._G = {}
package.preload["assay.vault"] = function() return "mine" end
assert(require("assay.vault") == "mine") -- its own machine is its own affair
assert(("x"):rep(3) == "xxx" and http.get((...)).body == "hello" and require("string").rep == error)
package.loaded = nil
assert(require("assay.healthcheck"))
