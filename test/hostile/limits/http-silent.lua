-- tries: to wait for a server that says nothing (H14, T13)
-- expects: stop
-- options: --timeout 1s
http.get((...) .. "/silent")
