-- tries: to be kept by a server that says 100 Continue without end (H13)
-- expects: stop
-- options: --timeout 2s
pcall(http.get, (...) .. "/continue") while true do end
