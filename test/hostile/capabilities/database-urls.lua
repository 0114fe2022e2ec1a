-- tries: to reach other hosts, sockets and files by the addresses of databases
-- expects: ok
-- options: --allow-net=db.example.invalid --allow-read=$DIR/in --allow-write=$DIR/in --timeout 10s
local _, dir = ...
for _, url in ipairs({ "postgres://u@127.0.0.1/x", "postgres://u@127.0.0.1:22/x", "postgres://u@169.254.169.254/x", "postgres://u@db.example.invalid:22/x",
  "postgres://u@db.example.invalid.evil.invalid/x", "postgres://u@db.example.invalid@evil.invalid/x", "mysql://u@127.0.0.1/x", "mariadb://u@2130706433/x",
  "postgres:///x?host=127.0.0.1", "postgres:///x?host=/var/run", "postgres://u@db.example.invalid/x?host=evil.invalid", "mysql://u@x/x?socket=/run/mysqld/mysqld.sock",
  "postgres:///x?socket=" .. dir .. "/in/file", "sqlite://" .. dir .. "/out/x.db", "sqlite://" .. dir .. "/in/link/x.db", "sqlite://" .. dir .. "/in/../out/x.db",
  "sqlite:////" .. dir .. "/out/x.db", "sqlite://" .. dir .. "/out/x.db?mode=ro", "sqlite:///proc/self/environ?mode=ro", "sqlite:///etc/passwd?mode=ro",
  "postgres://u@db.example.invalid/x?sslmode=verify-full&sslrootcert=" .. dir .. "/out/secret",
  "postgres://u@db.example.invalid/x?sslmode=require&sslcert=/etc/passwd&sslkey=" .. dir .. "/out/secret" }) do
  local ok, message = pcall(db.connect, url, { timeout = 2 })
  assert(not ok, url)
  assert(message:find("is not allowed", 1, true) or message:find("unknown") or message:find("parameter") or message:find("option") or message:find("URL"), url .. ": " .. message)
end
