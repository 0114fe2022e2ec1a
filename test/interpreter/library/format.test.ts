import { expect, test } from "bun:test";
import { run } from "../../lua.ts";
import { expressions } from "./expressions.ts";

const format = (rows: [form: string, args: string, printed: string][]) =>
  rows.map(
    ([form, args, printed]) => [`string.format(${JSON.stringify(form)}${args && `, ${args}`})`, printed] as const,
  );

expressions(
  "integers, manual §6.5",
  format([
    ["%d|%i", "3, -4", "3|-4"],
    ["%5d|%-5d|%05d|%+d|% d", "42, 42, 42, 42, 42", "   42|42   |00042|+42| 42"],
    ["%.3d|%.0d|%5.3d|%05.3d", "5, 0, 7, 7", "005||  007|  007"],
    ["%d", "math.mininteger", "-9223372036854775808"],
    ["%d", "'10'", "10"],
    ["%d", "3.0", "3"],
    ["%d", "1.5", "! bad argument #2 to 'format' (number has no integer representation)"],
    ["%x|%X|%#x|%o|%#o", "255, 255, 255, 8, 8", "ff|FF|0xff|10|010"],
    ["%x", "-1", "ffffffffffffffff"],
    ["%#x|%#o|%.0x", "0, 0, 0", "0|0|"],
    ["%08x|%-8x|%8x|%#08x", "255, 255, 255, 255", "000000ff|ff      |      ff|0x0000ff"],
    ["%u", "-1", "18446744073709551615"],
    ["%c%c%c", "72, 105, 256 + 33", "Hi!"],
    ["%3c|%-3c|", "65, 65", "  A|A  |"],
    ["%c", "0", "\\0"],
  ]),
);

expressions(
  "floats",
  format([
    ["%.2f|%.0f|%.0f|%.0f", "3.14159, 0.5, 1.5, 2.5", "3.14|0|2|2"],
    ["%.1f|%.1f|%.2f|%.3f", "0.25, 0.35, 0.125, 1.0005", "0.2|0.3|0.12|1.000"],
    ["%8.3f|%-8.3f|%08.3f|%+.1f|% .1f", "3.14159, 3.14159, -3.14159, 1, 1", "   3.142|3.142   |-003.142|+1.0| 1.0"],
    ["%f", "1e21", "1000000000000000000000.000000"],
    ["%.15f", "0.1", "0.100000000000000"],
    ["%.20f", "0.1", "0.10000000000000000555"],
    ["%#.0f|%#.0e|%#g|%#.3g", "3, 3, 3, 0.5", "3.|3.e+00|3.00000|0.500"],
    ["%e|%.3E|%.0e", "12345.678, 12345.678, 0", "1.234568e+04|1.235E+04|0e+00"],
    ["%.0e|%.0e|%.0e", "2.5e15, 3.5e15, 9.5", "2e+15|4e+15|1e+01"],
    ["%g|%g|%g|%g|%g", "100000, 1e6, 1e-4, 1e-5, 0.1", "100000|1e+06|0.0001|1e-05|0.1"],
    ["%g|%G|%.3g|%.10g|%.0g", "999999.5, 1e-10, 1234, 1 / 3, 15", "1e+06|1E-10|1.23e+03|0.3333333333|2e+01"],
    ["%.14g|%.17g|%.17g", "3.14159265358979, 0.1, 2^-25", "3.1415926535898|0.10000000000000001|2.9802322387695312e-08"],
    ["%g|%5.1f|%-6f|%06f", "1/0, -1/0, 1/0, 1/0", "inf| -inf|inf   |   inf"],
    ["%E|%G|%+g", "1/0, -1/0, 1/0", "INF|-INF|+inf"],
    ["%f|%g|%.1f", "-0.0, -0.0, -0.04", "-0.000000|-0|-0.0"],
    ["%a|%a|%A|%a", "1, 0.5, 255, -0.1", "0x1p+0|0x1p-1|0X1.FEP+7|-0x1.999999999999ap-4"],
    ["%.3a|%.0a|%.0a|%#.0a|%12.1a", "3.14159, 1.5, 2.5, 1, 1", "0x1.922p+1|0x2p+0|0x1p+1|0x1.p+0|    0x1.0p+0"],
    ["%a|%.1a|%a", "2^-1074, 2^-1074, 0.0", "0x0.0000000000001p-1022|0x0.0p-1022|0x0p+0"],
    ["%5s|%f", "'x', '2.5'", "    x|2.500000"],
    ["%f", "'x'", "! bad argument #2 to 'format' (number expected, got string)"],
  ]),
);

expressions(
  "texts and literals",
  format([
    ["%s %s %s %s", "1, 1.5, true, nil", "1 1.5 true nil"],
    ["%5s|%-5s|%.2s|%5.1s", "'ab', 'ab', 'abc', 'abc'", "   ab|ab   |ab|    a"],
    ["%%|%s", "'%'", "%|%"],
    ["%s", "setmetatable({}, { __tostring = function() for _ = 1, 3 do end return 'text' end })", "text"],
    ["%-6s|", "setmetatable({}, { __tostring = function() return 'text' end })", "text  |"],
    ["%s", "setmetatable({}, { __tostring = function() return 12 end })", "12"],
    ["%s", "setmetatable({}, { __tostring = function() return {} end })", "! '__tostring' must return a string"],
    [
      "%s %d",
      "setmetatable({}, { __tostring = function() return 'x' end })",
      "! bad argument #3 to 'format' (no value)",
    ],
    [
      "%s %d",
      "setmetatable({}, { __tostring = function() return 'x' end }), nil",
      "! bad argument #3 to 'format' (number expected, got nil)",
    ],
    ["%s", "'a\\0b'", "a\\0b"],
    ["%10s", "'a\\0b'", "! bad argument #2 to 'format' (string contains zeros)"],
    ["%q", `'a "b"\\\\\\n\\r\\0001\\1'`, `"a \\"b\\"\\\\\\\\10\\13\\0001\\1"`],
    ["%q|%q|%q|%q", "1, math.mininteger, true, nil", "1|0x8000000000000000|true|nil"],
    ["%q|%q|%q|%q", "0.1, 1/0, -1/0, 0/0", "0x1.999999999999ap-4|1e9999|-1e9999|(0/0)"],
    ["%q|%q", "3.0, 2^63", "0x1.8p+1|0x1p+63"],
    ["%q", "{}", "! bad argument #2 to 'format' (value has no literal form)"],
    ["%5q", "1", "! specifier '%q' cannot have modifiers"],
    ["%p|%5p|%-8p|", "1, true, nil", "(null)|(null)|(null)  |"],
  ]),
);

expressions(
  "malformed formats",
  format([
    ["%d", "", "! bad argument #2 to 'format' (no value)"],
    ["%", "1", "! invalid conversion '%' to 'format'"],
    ["%", "", "! bad argument #2 to 'format' (no value)"],
    ["%y", "1", "! invalid conversion '%y' to 'format'"],
    ["%F", "1", "! invalid conversion '%F' to 'format'"],
    ["%5%", "1", "! invalid conversion '%5%' to 'format'"],
    ["%100d", "1", "! invalid conversion specification: '%100d'"],
    ["%.100d", "1", "! invalid conversion specification: '%.100d'"],
    ["%#d", "1", "! invalid conversion specification: '%#d'"],
    ["%+x", "1", "! invalid conversion specification: '%+x'"],
    ["%.3c", "65", "! invalid conversion specification: '%.3c'"],
    ["%0s", "'x'", "! invalid conversion specification: '%0s'"],
    ["%.3p", "{}", "! invalid conversion specification: '%.3p'"],
    ["%0123456789012345678901d", "1", "! invalid format (too long)"],
    ["%#d", "'x'", "! bad argument #2 to 'format' (number expected, got string)"],
    ["%#a|%#c", "1, 65", "! invalid conversion specification: '%#c'"],
  ]),
);

test("the longest items", async () => {
  expect(await run(`return #string.format("%99.99f", -1e308), #string.format("%-99d", 1)`)).toEqual([410, 99]);
});

test("%p tells objects apart", async () => {
  const source = `
    local f = function(v) return string.format("%p", v) end
    local t, s = {}, ("a"):rep(100)
    local same = s:gsub("b", "a")
    local equal = s:gsub("a", "a")
    return f(t) == f(t), f(t) ~= f({}), f(print) ~= f(assert), f("ab" .. "c") == f("abc"),
      f(s) == f(same), s == equal and f(s) ~= f(equal), tostring(t) == "table: " .. f(t)`;
  expect(await run(source)).toEqual([true, true, true, true, true, true, true]);
});
