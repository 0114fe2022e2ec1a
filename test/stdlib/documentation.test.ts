/** Every function of the embedded modules says what it does, with an example that runs. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { exampleOf, functionsOf, headOf, publicModules } from "./documentation.ts";
import { Fixture, Machine } from "./fixture.ts";
import { worlds } from "./worlds.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

/** Sends every request to the fixture, whatever its address. */
const INTERCEPT = `
if not real then
  real = { request = http.request, stream = http.stream }
  for name, call in pairs(real) do
    http[name] = function(method, address, options) return call(method, URL .. address:match("^%a+://[^/]+(.*)$"), options) end
  end
end
`;

describe.each(publicModules)("assay.%s", (module) => {
  const documented = functionsOf(module);
  const world = worlds[module]?.();
  let machine: Machine | undefined;
  afterAll(() => machine?.close());

  async function runs(example: string): Promise<void> {
    machine ??= new Machine({
      env: {
        KUBERNETES_SERVICE_HOST: "10.0.0.1",
        KUBERNETES_SERVICE_PORT: "443",
        HOME: "/nonexistent",
        ASSAY_SERVICEACCOUNT_DIR: "/nonexistent",
      },
    });
    server.reset(world!.routes);
    const source = `${INTERCEPT}${world!.prelude ?? ""}
      local ${module} = require("assay.${module}")
      local c = ${module}.client and ${module}.client("http://demo.example")
      do ${example} end return #slept`;
    const { error } = await machine.run(source, server);
    const unanswered = server.calls.length > 0 ? `; asked: ${server.asked.join(", ")}` : "";
    if (error !== undefined) throw new Error(error + unanswered);
  }

  test("has a head with summary, source and example", () => {
    const head = headOf(module);
    expect(head[0]).toMatch(/^[A-Za-z].*/);
    expect(head.some((line) => line.startsWith("Source: "))).toBe(true);
    expect(exampleOf(head)).toBeDefined();
  });

  if (world !== undefined) test("example of the module", () => runs(exampleOf(headOf(module))!));

  for (const { name, parameters, comment } of documented) {
    test(name, async () => {
      expect(comment[0]).toMatch(/^[A-Z].*/);
      const lines = (start: string) => comment.filter((line) => line.startsWith(start));
      expect(lines("Source: ").length).toBe(1);
      expect(lines("Raises ").length).toBeGreaterThan(0);
      expect(lines("@param ").map((line) => line.split(" ")[1]!.replace(/\?$/, ""))).toEqual(parameters);
      const example = exampleOf(comment);
      expect(example).toBeDefined();
      if (world !== undefined) await runs(example!);
    });
  }
});
