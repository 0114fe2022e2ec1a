--- Unpacking gzip files. Internal: object stores hand out Velero's logs as such files, not as encoded responses.
--- Source: RFC 1952 (gzip), RFC 1951 (deflate).
local M = {}

local LENGTH_BASE = { 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258 }
local LENGTH_BITS = { 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0 }
local DISTANCE_BASE = {
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145,
  8193, 12289, 16385, 24577,
}
local DISTANCE_BITS = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13 }
--- In this order the lengths of the code that describes the other codes are given.
local ORDER = { 16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15 }

local function broken(what)
  error("gzip: " .. what, 0)
end

--- Reads bits, the lowest of each byte first.
local function reader(data, at)
  local bits, count = 0, 0
  local self = {}
  function self.take(n)
    while count < n do
      local byte = data:byte(at) or broken("data ends early")
      at, bits, count = at + 1, bits | byte << count, count + 8
    end
    local value = bits & (1 << n) - 1
    bits, count = bits >> n, count - n
    return value
  end
  --- Bytes from the next byte boundary on.
  function self.bytes(n)
    -- Whole bytes that were read ahead go back.
    at, bits, count = at - count // 8, 0, 0
    if at + n - 1 > #data then broken("data ends early") end
    at = at + n
    return data:sub(at - n, at - 1)
  end
  return self
end

--- The code that the lengths describe: symbols by length and value, the bits of a value read from its highest down.
local function code_of(lengths, last)
  local counts, symbols = {}, {}
  for length = 0, 15 do counts[length] = 0 end
  for symbol = 0, last do counts[lengths[symbol] or 0] = counts[lengths[symbol] or 0] + 1 end
  counts[0] = 0
  local offset = { [1] = 1 }
  for length = 1, 14 do offset[length + 1] = offset[length] + counts[length] end
  for symbol = 0, last do
    local length = lengths[symbol] or 0
    if length > 0 then
      symbols[offset[length]] = symbol
      offset[length] = offset[length] + 1
    end
  end
  return { counts = counts, symbols = symbols }
end

local function symbol_of(input, code)
  local value, first, index = 0, 0, 1
  for length = 1, 15 do
    value = value | input.take(1)
    local count = code.counts[length]
    if value - first < count then return code.symbols[index + value - first] end
    index, first, value = index + count, first + count << 1, value << 1
  end
  broken("invalid code")
end

local FIXED_LITERALS, FIXED_DISTANCES
do
  local lengths, distances = {}, {}
  for symbol = 0, 287 do
    lengths[symbol] = symbol < 144 and 8 or symbol < 256 and 9 or symbol < 280 and 7 or 8
  end
  for symbol = 0, 29 do distances[symbol] = 5 end
  FIXED_LITERALS, FIXED_DISTANCES = code_of(lengths, 287), code_of(distances, 29)
end

local function dynamic_codes(input)
  local literals, distances, described = input.take(5) + 257, input.take(5) + 1, input.take(4) + 4
  local lengths = {}
  for i = 1, described do lengths[ORDER[i]] = input.take(3) end
  local code = code_of(lengths, 18)
  local all, n = {}, 0
  while n < literals + distances do
    local symbol = symbol_of(input, code)
    local length, times = symbol, 1
    if symbol == 16 then
      if n == 0 then broken("invalid code lengths") end
      length, times = all[n - 1], 3 + input.take(2)
    elseif symbol == 17 then
      length, times = 0, 3 + input.take(3)
    elseif symbol == 18 then
      length, times = 0, 11 + input.take(7)
    end
    for _ = 1, times do
      all[n] = length
      n = n + 1
    end
  end
  local of_distances = {}
  for i = 0, distances - 1 do of_distances[i] = all[literals + i] end
  return code_of(all, literals - 1), code_of(of_distances, distances - 1)
end

--- Unpacks one block into `out`, a list of bytes.
local function inflate_block(input, out, literals, distances, limit)
  local n = #out
  while true do
    local symbol = symbol_of(input, literals)
    if symbol < 256 then
      n = n + 1
      out[n] = symbol
    elseif symbol == 256 then
      return
    else
      local kind = symbol - 256
      local length = (LENGTH_BASE[kind] or broken("invalid length")) + input.take(LENGTH_BITS[kind])
      kind = symbol_of(input, distances) + 1
      local distance = (DISTANCE_BASE[kind] or broken("invalid distance")) + input.take(DISTANCE_BITS[kind])
      if distance > n then broken("invalid distance") end
      for _ = 1, length do
        n = n + 1
        out[n] = out[n - distance]
      end
    end
    if n > limit then broken(("more than %d bytes"):format(limit)) end
  end
end

local function text_of(bytes)
  local parts = {}
  for at = 1, #bytes, 4096 do
    parts[#parts + 1] = string.char(table.unpack(bytes, at, math.min(at + 4095, #bytes)))
  end
  return table.concat(parts)
end

--- Unpacks a gzip file; anything else comes back as it is.
---@param data string
---@param limit integer? bytes it may grow to (16 MiB)
---@return string
function M.unpack(data, limit)
  if data:sub(1, 2) ~= "\x1f\x8b" then return data end
  if data:byte(3) ~= 8 then broken("unknown method") end
  local flags, at = data:byte(4) or 0, 11
  if flags & 4 ~= 0 then at = at + 2 + ("<I2"):unpack(data, at) end
  for _, flag in ipairs({ 8, 16 }) do
    if flags & flag ~= 0 then at = (data:find("\0", at, true) or broken("data ends early")) + 1 end
  end
  if flags & 2 ~= 0 then at = at + 2 end
  local input, out = reader(data, at), {}
  limit = limit or 16 << 20
  repeat
    local last, kind = input.take(1), input.take(2)
    if kind == 0 then
      local size = ("<I2"):unpack(input.bytes(4))
      local bytes = input.bytes(size)
      for i = 1, size do out[#out + 1] = bytes:byte(i) end
    elseif kind == 1 then
      inflate_block(input, out, FIXED_LITERALS, FIXED_DISTANCES, limit)
    elseif kind == 2 then
      local literals, distances = dynamic_codes(input)
      inflate_block(input, out, literals, distances, limit)
    else
      broken("invalid block")
    end
  until last == 1
  return text_of(out)
end

return M
