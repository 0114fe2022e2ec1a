-- Making and calling closures; upvalues read and written.
local function counter(step)
  local n = 0
  return function() n = n + step; return n end
end
local function compose(f, g) return function(x) return f(g(x)) end end
local inc = function(x) return x + 1 end
local total = 0
for i = 1, 2000000 do
  local c = counter(i % 3 + 1)
  total = total + c() + c() + c()
  total = total + compose(inc, inc)(i)
end
print(total)
