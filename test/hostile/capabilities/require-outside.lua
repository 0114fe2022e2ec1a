-- tries: to load a module by a link that leads out of what may be read
-- expects: ok
-- options: --allow-read=$DIR/in
-- env: ASSAY_PATH=$DIR/in/link:$DIR/out:$DIR/in
for _, name in ipairs({ "module", "link.module" }) do
  local ok, message = pcall(require, name)
  assert(not ok and package.loaded[name] == nil, tostring(message))
end
