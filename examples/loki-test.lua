#!/usr/bin/assay
-- Loki from end to end: pushes a line, and waits until a query finds it.
local loki = require("assay.loki")
local c = loki.client("http://loki.monitoring:3100")
assert(c:ready(), "Loki is not ready")

local line = "assay test " .. crypto.uuid()
c:push({ job = "assay-test" }, { line })

-- A line can be queried a moment after it was pushed.
local deadline = monotonic() + 10
local found
repeat
  found = #c:query_range('{job="assay-test"} |= "' .. line .. '"')
  if found == 0 then sleep(0.5) end
until found > 0 or monotonic() > deadline
assert.gt(found, 0, "the line did not arrive")
log.info("Loki works: the line arrived")
