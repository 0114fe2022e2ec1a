#!/usr/bin/assay
assert(regex.match([[^v\d+\.\d+$]], "v1.22"))
local found = assert(regex.find([[(?P<key>\w+)=(\d+)]], "port=8080"))
assert.eq(found.named.key, "port")
assert.eq(found.groups[2], "8080")
assert.eq(#regex.find_all([[\d+]], "1 22 333"), 3)
assert.eq(regex.replace([[(\w+) (\w+)]], "hello world", "$2 $1"), "world hello")
log.info("regex: ok")
