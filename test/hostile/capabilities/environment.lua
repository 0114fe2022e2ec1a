-- tries: to see variables that are hidden: by names, defaults, /proc, errors and templates
-- expects: ok
-- options: --allow-env=PATH,HOSTILE_ALLOWED
-- env: HOSTILE_ALLOWED=yes
assert(env.get("PATH") and env.get("HOSTILE_ALLOWED") == "yes")
for _, name in ipairs({ "HOSTILE_SECRET", "HOSTILE_SECRET\0", "hostile_secret", "HOSTILE_*", "*", "", "=", "PATH=", "HOSTILE_SECRET=", "__proto__" }) do
  assert(env.get(name) == nil and os.getenv(name) == nil and env.get(name, "d") == "d" and not pcall(env.require, name), name)
end
for _, path in ipairs({ "/proc/self/environ", "/proc/thread-self/environ", "/proc/self/task/../environ", "/proc/self/mem", "/dev/../proc/self/environ",
  "/proc/self/fd/../environ", "/proc/self/cwd/../../../../../../../../proc/self/environ" }) do
  assert(not pcall(fs.read, path) and not pcall(fs.copy, path, "in/copy") and not pcall(template.render, path), path)
end
for _, text in ipairs({ "{{ env }}", "{{ environ }}", "{{ os.environ }}", "{{ env.HOSTILE_SECRET }}", "{{ getenv('HOSTILE_SECRET') }}" }) do
  local ok, out = pcall(template.render_string, text)
  assert(not ok or out == "", text)
end
