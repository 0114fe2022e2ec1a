-- tries: to reach a metadata service by every spelling of its address, with everything else allowed (H17)
-- expects: ok
-- options: --timeout 15s --allow-net=* --allow-env=NONE
for _, host in ipairs({ "169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "169.254.43518", "169.16689662",
  "0xa9.0xfe.0xa9.0xfe", "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[2002:a9fe:a9fe::]", "[64:ff9b::a9fe:a9fe]",
  "[64:ff9b:1::a9fe:a9fe]", "[::a9fe:a9fe]", "[fd00:ec2::254]", "[fe80::1]", "100.100.100.200", "169.254.170.2", "168.63.129.16",
  "metadata.google.internal", "metadata.google.internal.", "METADATA.GOOGLE.INTERNAL", "metadata", "169.254.169.254.",
  "１６９.２５４.１６９.２５４", "169。254。169。254", "①⑥⑨.254.169.254" }) do
  for _, call in ipairs({
    function() return http.get("http://" .. host .. "/latest/meta-data/") end,
    function() return http.get("https://" .. host .. ":443/") end,
    function() return ws.connect("ws://" .. host .. "/") end,
    function() return net.tcp(host, 80, { timeout = 1 }) end,
    function() return net.tls(host, 443, { timeout = 1 }) end,
    function() return db.connect("postgres://u:p@" .. host .. ":80/x") end,
    function() return db.connect("mysql://u:p@" .. host .. ":80/x") end,
    function() return http.get("http://localhost:1/", { proxy = "http://" .. host .. ":80" }) end,
  }) do
    local ok, message = pcall(call)
    assert(not ok, host)
    assert(message:find("is not allowed (--allow-net)", 1, true) or message:find("invalid") or message:find("malformed")
      or message:find("bad argument"), message)
  end
end
