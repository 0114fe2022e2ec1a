#!/usr/bin/assay
local folder = fs.tempdir()
local file = folder .. "/deep/er/notes.txt"
fs.write(file, "first\n")
fs.append(file, "second\n")
assert.eq(fs.read(file), "first\nsecond\n")
assert.eq(fs.stat(file).size, 13)
assert(fs.exists(file))
assert.raises(function() fs.read(folder .. "/nope") end, "no such file or directory")
fs.remove(folder, { recursive = true })
assert(not fs.exists(folder))
log.info("fs: ok")
