-- tries: to read and write outside of the folder it may use: dots, links, /proc, odd names
-- expects: ok
-- options: --allow-read=$DIR/in --allow-write=$DIR/in
local server, dir = ...
local PATHS = { dir .. "/out/secret", dir .. "/in/../out/secret", dir .. "/in/link/secret", dir .. "/in/secret", dir .. "/in/./../out/./secret", "out/secret",
  "./in/../out/secret", "in/link/../../out/secret", "/proc/self/cwd/out/secret", "/proc/self/root" .. dir .. "/out/secret", "/proc/thread-self/cwd/out/secret",
  "/proc/self/task/../cwd/out/secret", "/dev/fd/../../proc/self/cwd/out/secret", dir .. "/inside", dir .. "/in", dir, "/", "..", ".", "/etc/passwd", "/etc/shadow",
  "/proc/self/environ", "/proc/self/mem", "/proc/self/maps", "/proc/self/cmdline", "/proc/1/environ", "/proc/1/root/etc/passwd", "/proc/self/fd/0", "/dev/stdin", "/dev/mem",
  "/dev/zero", "/dev/random", "/dev/tty", "/dev/null", "/proc/kcore", "/proc/kmsg", "/sys/kernel/uevent_helper", "/proc/sys/kernel/core_pattern",
  "/var/run/secrets/kubernetes.io/serviceaccount/token", "/run/secrets/kubernetes.io/serviceaccount/token", "~/.ssh/id_rsa", "/root/.ssh/id_rsa" }
for _, path in ipairs(PATHS) do
  for name, call in pairs({
    read = function() return fs.read(path) end, write = function() return fs.write(path .. "", "x") end, append = function() return fs.append(path, "x") end,
    copy_from = function() return fs.copy(path, dir .. "/in/copy") end, copy_to = function() return fs.copy(dir .. "/in/file", path) end,
    rename_from = function() return fs.rename(path, dir .. "/in/moved") end, rename_to = function() return fs.rename(dir .. "/in/file", path) end,
    remove = function() return path ~= dir .. "/in" and fs.remove(path) or error("skipped") end, mkdir = function() return fs.mkdir(path .. "/new") end,
    template = function() return template.render(path) end, download = function() return http.get(server, { download = path }) end,
    ca = function() return http.get("https://127.0.0.1:1", { tls = { ca = path } }) end, sqlite = function() return db.connect("sqlite://" .. path) end,
    tail = function() return fs.read(path .. "/") end,
  }) do
    if not (path == dir .. "/in" and (name == "mkdir" or name == "rename_to")) then
      assert(not pcall(call), name .. " " .. path)
    end
  end
  if path ~= dir .. "/in" then
    assert(not pcall(fs.list, path) and not pcall(fs.exists, path) and not pcall(fs.stat, path), path)
    local ok, list = pcall(fs.glob, path .. "/*")
    assert(not ok or #list == 0, path)
  end
end
assert(fs.read(dir .. "/in/file") == "inside")
