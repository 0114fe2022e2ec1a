-- A check of its own: it passes when it ends without an error, and what it returns is kept.
local visits = http.get(env.require("SERVICE_URL") .. "/visits"):json().visits
assert.gt(visits, 0, "nobody has been here")
return { visits = visits }
