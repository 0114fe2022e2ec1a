-- tries: to hang or crash on devices, pipes and files without end (M17)
-- expects: ok
-- options: --timeout 15s
for _, path in ipairs({ "/dev/zero", "/dev/random", "/dev/urandom", "/dev/full", "/dev/null", "/dev/tty", "/proc/kmsg", "/proc/kcore", "/proc/self/mem",
  "/proc/self/pagemap", "/sys/kernel/debug/tracing/trace_pipe", "/dev/ptmx", "/proc/self/fd/1", "/dev/stdout" }) do
  for _, call in ipairs({ function() return fs.read(path, { max_size = 1000 }) end, function() return template.render(path) end,
    function() return http.get("https://127.0.0.1:1", { tls = { ca = path } }) end,
    function() return db.connect("postgres://u@127.0.0.1:1/x?sslmode=verify-full&sslrootcert=" .. path) end }) do
    assert(not pcall(call), path)
  end
end
