/**
 * jq in a thread of its own: a large document or an endless expression holds up nobody else, and can be ended.
 *
 * jq-wasm's own functions feed jq one byte at a time and never give back jq's stack, so that a thousand calls crash
 * it; this drives the same jq with its own input and output and a fresh instance each time, from one compiled module.
 * One run of jq costs about 2 ms whatever it does (it compiles its own library first), so a batch of questions is one
 * run: each question is an input `[number, document]`, each expression a function of the program.
 */
import jqFactory from "jq-wasm/dist/build/jq.js";

/** One expression on one document. */
export interface Question {
  readonly id: number;
  readonly expression: string;
  /** JSON text of one document. */
  readonly document: string;
}

export type Request =
  | { kind: "evaluate"; questions: readonly Question[] }
  | { kind: "compile"; id: number; expressions: readonly string[] };

export type Reply =
  | { kind: "ready" }
  /** `outputs` is JSON text of a list; `error` is jq's message. */
  | { kind: "answer"; id: number; outputs?: string; error?: string }
  | { kind: "batch" }
  /** For each expression jq's complaint, or undefined. */
  | { kind: "compiled"; id: number; errors: (string | undefined)[] };

/** What a generator may give; the rest is cut off. */
const MAX_OUTPUTS = 1000;
/** Memory of one run of jq. */
const MAX_MEMORY = 512 * 1024 * 1024;

interface JqModule {
  callMain(args: string[]): number;
}

type JqFactory = (overrides: object) => Promise<JqModule>;

/** The names that jq-wasm 1.0.1 gives to the imports used here; the test of this file fails if they change. */
const IMPORT = { read: "g", write: "d", grow: "o" } as const;
const MEMORY_EXPORT = "E";

type Imports = Record<string, Record<string, (...args: number[]) => number>>;

let compiledModule: Promise<WebAssembly.Module> | undefined;

/**
 * The compiled module. jq-wasm holds it as text inside its own code and hands it to nobody, so its first instance is
 * made with an eye on what it instantiates.
 */
function loadModule(): Promise<WebAssembly.Module> {
  compiledModule ??= new Promise((resolve, reject) => {
    const original = WebAssembly.instantiate;
    const watching = (bytes: Uint8Array<ArrayBuffer>, imports?: object) => {
      WebAssembly.instantiate = original;
      WebAssembly.compile(bytes).then(resolve, reject);
      return original(bytes, imports as Bun.WebAssembly.Imports);
    };
    WebAssembly.instantiate = watching as typeof WebAssembly.instantiate;
    (jqFactory as JqFactory)({}).catch(reject);
  });
  return compiledModule;
}

interface Run {
  stdout: string;
  stderr: string;
}

/** Runs jq once, as the command line would. */
async function runJq(args: string[], input: string): Promise<Run> {
  const module = await loadModule();
  const bytes = Buffer.from(input, "utf8");
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let read = 0;
  let memory: WebAssembly.Memory | undefined;
  const view = () => new DataView(memory!.buffer);
  const jq = await (jqFactory as JqFactory)({
    instantiateWasm(info: Imports, receive: (instance: WebAssembly.Instance, module: WebAssembly.Module) => void) {
      const imports = { ...info.a };
      const { [IMPORT.read]: readElsewhere, [IMPORT.write]: writeElsewhere, [IMPORT.grow]: grow } = imports;
      imports[IMPORT.read] = (fd, iovs, count, result) => {
        if (fd !== 0) return readElsewhere!(fd!, iovs!, count!, result!);
        let total = 0;
        for (let i = 0; i < count!; i++) {
          const at = view().getUint32(iovs! + i * 8, true);
          const length = view().getUint32(iovs! + i * 8 + 4, true);
          const chunk = bytes.subarray(read, read + length);
          new Uint8Array(memory!.buffer, at, chunk.length).set(chunk);
          read += chunk.length;
          total += chunk.length;
          if (chunk.length < length) break;
        }
        view().setUint32(result!, total, true);
        return 0;
      };
      imports[IMPORT.write] = (fd, iovs, count, result) => {
        if (fd !== 1 && fd !== 2) return writeElsewhere!(fd!, iovs!, count!, result!);
        let total = 0;
        for (let i = 0; i < count!; i++) {
          const at = view().getUint32(iovs! + i * 8, true);
          const length = view().getUint32(iovs! + i * 8 + 4, true);
          (fd === 1 ? out : err).push(Buffer.from(new Uint8Array(memory!.buffer, at, length).slice()));
          total += length;
        }
        view().setUint32(result!, total, true);
        return 0;
      };
      imports[IMPORT.grow] = (bytes) => (bytes! >>> 0 > MAX_MEMORY ? 0 : grow!(bytes!));
      const instance = new WebAssembly.Instance(module, { a: imports });
      memory = instance.exports[MEMORY_EXPORT] as WebAssembly.Memory;
      receive(instance, module);
      return instance.exports;
    },
  });
  try {
    jq.callMain(["-M", "-c", ...args]);
  } catch (error) {
    // A crash of jq itself (stack, memory); its words come first when it had any.
    err.push(Buffer.from(`jq stopped (${error instanceof RangeError ? "too deep" : "out of memory or too deep"})`));
  }
  return { stdout: Buffer.concat(out).toString("utf8"), stderr: Buffer.concat(err).toString("utf8") };
}

/** Answers a batch of questions by one run of jq. */
async function evaluate(questions: readonly Question[]): Promise<void> {
  const expressions = [...new Set(questions.map((question) => question.expression))];
  const cases = expressions.map((_, i) => `if $n == ${i} then _assay${i} else `).join("");
  const ends = expressions.map(() => " end").join("");
  const definitions = expressions.map((expression, i) => `def _assay${i}: (${expression}\n);\n`).join("");
  // The document is the current value, so that paths in error messages and path(…) are those of the document.
  const program = `${definitions}.[0] as $n | .[1] as $id | .[2] | try [$id, true, [limit(${MAX_OUTPUTS}; ${cases}empty${ends})]] catch [$id, false, .]`;
  const input = questions
    .map(({ expression, id, document }) => `[${expressions.indexOf(expression)},${id},${document}\n]`)
    .join("\n");
  const { stdout, stderr } = await runJq([program], input);
  const open = new Set(questions.map((question) => question.id));
  for (const line of stdout.split("\n")) {
    const head = /^\[(\d+),(true|false),/.exec(line);
    if (head === null) continue;
    const id = Number(head[1]);
    const rest = line.slice(head[0].length, -1);
    open.delete(id);
    if (head[2] === "true") reply({ kind: "answer", id, outputs: rest });
    else reply({ kind: "answer", id, error: messageOf(rest) });
  }
  if (questions.length > 1) {
    // One of them ended the run (`halt`, a document too deep); the others must not suffer for it.
    for (const question of questions) if (open.has(question.id)) await evaluate([question]);
    return;
  }
  for (const id of open) reply({ kind: "answer", id, error: stderrWords(stderr) });
}

/** What `error(…)` was given: mostly a string. */
function messageOf(json: string): string {
  const value: unknown = JSON.parse(json);
  return typeof value === "string" ? value : json;
}

function stderrWords(stderr: string): string {
  const line = stderr.split("\n").find((one) => one.trim() !== "");
  return line === undefined ? "jq gave no answer" : line.replace(/^jq: (error: |error \(at [^)]*\): )?/, "").trim();
}

/** jq's complaint about an expression, or undefined. All are compiled at once first: mostly, all of them are right. */
async function compile(expressions: readonly string[]): Promise<(string | undefined)[]> {
  const together = await runJq(
    [
      "-n",
      `${expressions.map((one, i) => `def e${i}: (${one}\n);`).join("\n")} empty | (${expressions.map((_, i) => `e${i}`).join(", ")})`,
    ],
    "",
  );
  if (together.stderr === "") return expressions.map(() => undefined);
  const errors: (string | undefined)[] = [];
  for (const expression of expressions) {
    const { stderr } = await runJq(["-n", `def e: (${expression}\n); empty | e`], "");
    errors.push(stderr === "" ? undefined : complaint(stderr));
  }
  return errors;
}

/** `syntax error, unexpected …`, without the shell advice, the program's text and the place in our own program. */
function complaint(stderr: string): string {
  return stderrWords(stderr)
    .replace(/ \((Unix|Windows) shell quoting issues\?\)/, "")
    .replace(/ at <top-level>, line \d+.*$/, "")
    .replace(/:$/, "");
}

function reply(message: Reply): void {
  self.postMessage(message);
}

declare const self: { postMessage(message: Reply): void; onmessage: ((event: { data: Request }) => void) | null };

/** Requests are answered one after the other. */
let last: Promise<void> = loadModule().then(() => reply({ kind: "ready" }));

self.onmessage = ({ data }) => {
  last = last.then(async () => {
    if (data.kind === "evaluate") {
      await evaluate(data.questions);
      reply({ kind: "batch" });
    } else reply({ kind: "compiled", id: data.id, errors: await compile(data.expressions) });
  });
};
