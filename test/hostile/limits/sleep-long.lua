-- tries: to sleep for ever
-- expects: stop
-- options: --timeout 1s
sleep(1e9)
