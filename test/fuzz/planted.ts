/** A target with mistakes in it, to see that they are found. */
import { LuaError } from "../../interpreter/error.ts";
import { judgeError, judgeValues } from "./oracle.ts";
import type { Target } from "./target.ts";

export const planted: Target = {
  name: "planted",
  summary: "mistakes made on purpose",
  cases: 0,
  limitMs: 100,
  open: async () => {
    let hung = false;
    const run = async (input: string): Promise<string> => {
      try {
        if (input.includes("a!")) throw new LuaError("undefined is not a function");
        if (input.includes("b!")) throw new LuaError("fuzz: own check");
        if (input.includes("c!")) return judgeValues(["\u20ac"]);
        if (input.includes("d!") && !hung) {
          hung = true;
          await new Promise(() => {});
        }
        return judgeValues([input]);
      } catch (error) {
        return judgeError(error, input);
      }
    };
    return { seeds: ["some text with a b c d in it"], pieces: ["!", "a!", "b!", "c!", "d!"], run };
  },
};
