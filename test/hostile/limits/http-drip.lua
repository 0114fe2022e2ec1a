-- tries: to wait for a server that sends a byte now and then (H14, T13)
-- expects: stop
-- options: --timeout 1s
http.get((...) .. "/drip")
