-- SHA-256 in pure Lua: 32-bit arithmetic in 64-bit integers.
local K = {}
do
  local primes, n = {}, 2
  while #primes < 64 do
    local isPrime = true
    for _, p in ipairs(primes) do if n % p == 0 then isPrime = false break end end
    if isPrime then primes[#primes + 1] = n end
    n = n + 1
  end
  for i, p in ipairs(primes) do K[i] = math.floor((p ^ (1 / 3)) % 1 * 4294967296) end
end
local function rotate(x, n) return ((x >> n) | (x << (32 - n))) & 0xffffffff end
local function digest(message)
  local length = #message
  message = message .. "\128" .. ("\0"):rep((55 - length) % 64) .. string.pack(">I8", length * 8)
  local h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19 }
  local w = {}
  for chunk = 1, #message, 64 do
    for i = 1, 16 do w[i] = string.unpack(">I4", message, chunk + (i - 1) * 4) end
    for i = 17, 64 do
      local a, b = w[i - 15], w[i - 2]
      local s0 = rotate(a, 7) ~ rotate(a, 18) ~ (a >> 3)
      local s1 = rotate(b, 17) ~ rotate(b, 19) ~ (b >> 10)
      w[i] = (w[i - 16] + s0 + w[i - 7] + s1) & 0xffffffff
    end
    local a, b, c, d, e, f, g, hh = table.unpack(h)
    for i = 1, 64 do
      local s1 = rotate(e, 6) ~ rotate(e, 11) ~ rotate(e, 25)
      local ch = (e & f) ~ (~e & g)
      local t1 = (hh + s1 + ch + K[i] + w[i]) & 0xffffffff
      local s0 = rotate(a, 2) ~ rotate(a, 13) ~ rotate(a, 22)
      local maj = (a & b) ~ (a & c) ~ (b & c)
      local t2 = (s0 + maj) & 0xffffffff
      hh, g, f, e, d, c, b, a = g, f, e, (d + t1) & 0xffffffff, c, b, a, (t1 + t2) & 0xffffffff
    end
    local state = { a, b, c, d, e, f, g, hh }
    for i = 1, 8 do h[i] = (h[i] + state[i]) & 0xffffffff end
  end
  return (("%08x"):rep(8)):format(table.unpack(h))
end
print(digest("abc"), digest(("assay "):rep(400000)))
