-- tries: to include itself, files of other folders, and what links lead to
-- expects: ok
local _, dir = ...
local function try(text)
  fs.write(dir .. "/in/main", text)
  local ok, message = pcall(template.render, dir .. "/in/main")
  assert(not ok, text)
  return message
end
try("{% include 'main' %}")
try("{% extends 'main' %}")
try("{% import 'main' as m %}")
for _, name in ipairs({ "../out/secret", "/etc/passwd", "link/secret", "secret", "./../out/secret", "in/../../out/secret", "..\\out\\secret", "/proc/self/environ", "main/../../out/secret" }) do
  for _, tag in ipairs({ "include", "extends", "import" }) do
    local message = try(("{%% %s %q %s %%}"):format(tag, name, tag == "import" and "as m" or ""))
    assert(message:find("outside") or message:find("no ") or message:find("not ") or message:find("bad") or message:find("is a"), message)
  end
end
