-- tries: to wait for a server that says nothing
-- expects: stop
-- options: --timeout 1s
http.get((...) .. "/silent")
