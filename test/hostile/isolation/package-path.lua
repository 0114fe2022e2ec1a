-- tries: to load modules from other folders: by package.path, dots, slashes, absolute names, searchers (V16)
-- expects: ok
local _, dir = ...
package.path = dir .. "/out/?.lua;/etc/?"
package.cpath = dir .. "/?.so"
package.config = "/\n;\n?\n!\n-\n"
package.searchers = { function() return function() return "searched" end end }
for _, name in ipairs({ "module", "../../x", "../out/module", dir .. "/out/module", "out/module", "/etc/passwd", "passwd", "..", ".",
  "out..module", "out.module.", ".out.module", "module\0", "out\0.module", "out%2fmodule", "assay.../../x", "assay.__proto__",
  "assay.constructor", "file:///etc/passwd", "", "a b", "\u{2025}/x" }) do
  local ok = pcall(require, name)
  assert(not ok, name)
end
