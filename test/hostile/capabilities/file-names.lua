-- tries: to confuse by names of files: NUL, invalid UTF-8, very long, blank, with line breaks
-- expects: ok
local server, dir = ...
for _, name in ipairs({ "\0", "a\0b", "in/file\0.txt", "\xff\xfe", "\xc0\xaf", ("x"):rep(300), ("x/"):rep(3000), ("../"):rep(3000), "" }) do
  local path = name == "" and "" or dir .. "/" .. name
  for _, call in ipairs({ fs.read, fs.stat, fs.list, fs.remove, fs.mkdir, template.render, function(p) fs.write(p, "x") end, function(p) fs.append(p, "x") end,
    function(p) fs.copy(p, p) end, function(p) fs.rename(p, p .. "y") end, function(p) db.connect("sqlite://" .. p):query("select 1") end,
    function(p) http.get(server, { download = p }) end, function(p) http.get("https://127.0.0.1:1", { tls = { ca = p } }) end }) do
    local ok, message = pcall(call, path)
    assert(not ok and type(message) == "string" and not message:find("%z") and not message:find("\n"), name:sub(1, 20))
  end
end
fs.write(dir .. "/in/new\nline \27[31m", "x")
assert(fs.read(dir .. "/in/new\nline \27[31m") == "x")
