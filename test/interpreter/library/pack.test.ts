import { expressions } from "./expressions.ts";

expressions("string.pack, manual §6.5.2", [
  [`string.pack("b", -1), string.pack("<h", 258), string.pack(">H", 258)`, "\\255 \\2\\1 \\1\\2"],
  [`string.pack("<i3", -2), string.pack(">I5", 1 << 32)`, "\\254\\255\\255 \\1\\0\\0\\0\\0"],
  [`string.pack("<j", math.mininteger)`, "\\0\\0\\0\\0\\0\\0\\0\\128"],
  [`string.pack(">i16", -3):byte(1, 2), string.pack("<I16", 3):byte(1, 2)`, "255 3 0"],
  [`string.pack("<d", 1.5), string.pack(">f", -0.5)`, "\\0\\0\\0\\0\\0\\0\\248? \\191\\0\\0\\0"],
  [`string.pack("<s1", "abc"), string.pack(">s2", "ab"), string.pack("z", "ab")`, "\\3abc \\0\\2ab ab\\0"],
  [`string.pack("c5", "ab"), string.pack("xbx", 1)`, "ab\\0\\0\\0 \\0\\1\\0"],
  [`string.pack("<!4 b i4", 1, 2), string.pack("<!b Xi4 b", 1, 2)`, "\\1\\0\\0\\0\\2\\0\\0\\0 \\1\\0\\0\\0\\2"],
  [`string.pack("b", 128)`, "! bad argument #2 to 'pack' (integer overflow)"],
  [`string.pack("B", -1)`, "! bad argument #2 to 'pack' (unsigned overflow)"],
  [`string.pack("c2", "abc")`, "! bad argument #2 to 'pack' (string longer than given size)"],
  [`string.pack("s1", ("x"):rep(256))`, "! bad argument #2 to 'pack' (string length does not fit in given size)"],
  [`string.pack("z", "a\\0")`, "! bad argument #2 to 'pack' (string contains zeros)"],
  [`string.pack("i17", 1)`, "! integral size (17) out of limits [1,16]"],
  [`string.pack("i0", 1)`, "! integral size (0) out of limits [1,16]"],
  [`string.pack("c", "x")`, "! missing size for format option 'c'"],
  [`string.pack("?", 1)`, "! invalid format option '?'"],
  [`string.pack("X", 1)`, "! bad argument #1 to 'pack' (invalid next option for option 'X')"],
  [`string.pack("!4 i3", 1)`, "! bad argument #1 to 'pack' (format asks for alignment not power of 2)"],
  [`string.pack("bi17", 300)`, "! bad argument #2 to 'pack' (integer overflow)"],
]);

expressions("string.packsize", [
  [`string.packsize("<i4 i8"), string.packsize("!8 b d"), string.packsize(""), string.packsize("c10x")`, "12 16 0 11"],
  [`string.packsize("c922337203685477580")`, "922337203685477580"],
  [`string.packsize("c9223372036854775807")`, "! invalid format option '7'"],
  [`string.packsize(("c922337203685477580"):rep(11))`, "! bad argument #1 to 'packsize' (format result too large)"],
  [`string.packsize("s")`, "! bad argument #1 to 'packsize' (variable-length format)"],
]);

expressions("string.unpack", [
  [`string.unpack("b", "\\xff"), string.unpack("B", "\\xff"), string.unpack("<h", "\\2\\1")`, "-1 255 258 3"],
  [`string.unpack("<i3", "\\xfe\\xff\\xff")`, "-2 4"],
  [`string.unpack("<I7", ("\\xff"):rep(7))`, "72057594037927935 8"],
  [`string.unpack("<j", ("\\xff"):rep(8))`, "-1 9"],
  [`string.unpack(">J", "\\x80" .. ("\\0"):rep(7))`, "-9223372036854775808 9"],
  [`string.unpack("<i16", ("\\xff"):rep(16))`, "-1 17"],
  [`string.unpack("<I16", ("\\xff"):rep(16))`, "! 16-byte integer does not fit into Lua Integer"],
  [`string.unpack("<d", string.pack("<d", 1e300)), string.unpack("f", string.pack("f", 0.5))`, "1e+300 0.5 5"],
  [`string.unpack("<s1z c2", "\\3abcde\\0fg")`, "abc de fg 10"],
  [`string.unpack("b", "abc", 2), string.unpack("b", "abc", -1)`, "98 99 4"],
  [`string.unpack("", "abc", 4)`, "4"],
  [`string.unpack("", "abc", 5)`, "! bad argument #3 to 'unpack' (initial position out of string)"],
  [`string.unpack("i4", "abc")`, "! bad argument #2 to 'unpack' (data string too short)"],
  [`string.unpack("<s4", "\\xff\\xff\\xff\\x7f")`, "! bad argument #2 to 'unpack' (data string too short)"],
  [`string.unpack("z", "abc")`, "! bad argument #2 to 'unpack' (unfinished string for format 'z')"],
]);
