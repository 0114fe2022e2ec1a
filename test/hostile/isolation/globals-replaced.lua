-- tries: to break the libraries by replacing or removing all globals
-- expects: exit 0 still here
local http, json, assert, print, db, log = http, json, assert, print, db, log
local url = ...
local globals = _G
for name in next, globals do globals[name] = nil end
assert(_ENV.string == nil)
assert(json.encode({ 1 }) == "[1]")
assert(http.get(url).body == "hello")
local c <close> = db.connect("sqlite::memory:")
assert(c:query("select 'x' as x")[1].x == "x")
log.info("still here", { a = 1 })
print("still here")
_ENV = nil
