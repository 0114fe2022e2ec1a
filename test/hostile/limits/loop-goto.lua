-- tries: to run for ever by goto
-- expects: stop
-- options: --timeout 1s
::a:: goto a
