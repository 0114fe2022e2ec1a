-- tries: to wait for a server that sends a byte now and then
-- expects: stop
-- options: --timeout 1s
http.get((...) .. "/drip")
