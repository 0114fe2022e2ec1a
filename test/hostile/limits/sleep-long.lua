-- tries: to sleep for ever (T14)
-- expects: stop
-- options: --timeout 1s
sleep(1e9)
