-- tries: to exchange an allowed file for a link between check and use, again and again
-- expects: ok
-- options: --allow-read=$DIR/in --allow-write=$DIR/in
local _, dir = ...
local at = dir .. "/in/"
local stop = false
fs.write(at .. "plain.lua", "return 'inside'")
-- The links of this folder may be renamed: they lie in it.
local mover = async.spawn(function()
  while not stop do
    pcall(fs.write, at .. "now", "inside")
    pcall(fs.rename, at .. "secret", at .. "now")
    pcall(fs.rename, at .. "now", at .. "secret")
  end
end)
for _ = 1, 300 do
  for _, call in ipairs({ function() return fs.read(at .. "now") end, function() return template.render(at .. "now") end,
    function() return select(2, pcall(http.get, "https://127.0.0.1:1", { tls = { ca = at .. "now" } })) end }) do
    local _, text = pcall(call)
    assert(not tostring(text):find("sesame"), "got it")
  end
end
stop = true
mover:cancel()
