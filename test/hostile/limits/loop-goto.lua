-- tries: to run for ever by goto (T01)
-- expects: stop
-- options: --timeout 1s
::a:: goto a
