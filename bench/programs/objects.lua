-- Classes with inheritance, method calls, field updates.
local Shape = {}
Shape.__index = Shape
function Shape.new(x, y) return setmetatable({ x = x, y = y, moves = 0 }, Shape) end
function Shape:move(dx, dy)
  self.x = self.x + dx
  self.y = self.y + dy
  self.moves = self.moves + 1
  return self
end
function Shape:area() return 0 end
local Rect = setmetatable({}, { __index = Shape })
Rect.__index = Rect
function Rect.new(x, y, w, h)
  local r = Shape.new(x, y)
  r.w, r.h = w, h
  return setmetatable(r, Rect)
end
function Rect:area() return self.w * self.h end
local sum = 0
for i = 1, 800000 do
  local s = i % 2 == 0 and Shape.new(i, i) or Rect.new(i, i, 2, 3)
  for _ = 1, 8 do s:move(1, -1) end
  sum = sum + s:area() + s.x + s.y
end
print(sum)
