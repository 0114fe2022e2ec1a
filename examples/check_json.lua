#!/usr/bin/assay
-- JSON both ways: integers and floats stay what they are, and so do lists, objects and nulls.
local data = json.parse('{"name": "assay", "count": 9223372036854775807, "ratio": 1.0, "tags": ["a", "b"], "none": null}')
assert.eq(data.name, "assay")
assert.eq(math.type(data.count), "integer")
assert.eq(math.type(data.ratio), "float")
assert.eq(#data.tags, 2)
assert.is_nil(data.none)

assert.eq(json.encode({ 1, 2, 3 }), "[1,2,3]")
assert.eq(json.encode(json.parse("{}")), "{}")
assert.eq(json.encode(json.parse("[]")), "[]")
assert.raises(function() json.parse('{"a": }') end, "line 1")
log.info("json: ok")
