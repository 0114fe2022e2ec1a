-- tries: to use what the command line allows but ASSAY_PERMISSIONS does not
-- expects: ok
-- options: --allow-net=127.0.0.1:*,127.0.0.2:* --allow-read=$DIR --allow-write=$DIR
-- env: ASSAY_PERMISSIONS=--allow-net=127.0.0.2:* --readonly --allow-read=$DIR/in
local server, dir = ...
assert(not pcall(http.get, server) and not pcall(fs.write, dir .. "/in/x", "x") and not pcall(fs.read, dir .. "/out/secret"))
assert(fs.read(dir .. "/in/file") == "inside")
