/**
 * The manifests against Kubernetes' own types (the package kubernetes-types, made from its OpenAPI description): the
 * TypeScript compiler refuses unknown fields, wrong types and missing ones. And what types cannot say.
 */
import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import ts from "typescript";
import { manifests } from "../../scripts/deploy.ts";
import { podOf, type Resource, resources } from "./manifest.ts";

const root = join(import.meta.dir, "..", "..");
const files = await resources();
const all = [...files].flatMap(([file, list]) => list.map((resource): [string, Resource] => [file, resource]));

/** Where the type of a kind is: `batch/v1` for `batch/v1`, `core/v1` for `v1`, `rbac/v1` for `rbac.authorization.k8s.io/v1`. */
function moduleOf(apiVersion: string): string {
  const [group, version] = apiVersion.includes("/") ? apiVersion.split("/") : ["core", apiVersion];
  return `kubernetes-types/${group!.split(".")[0]}/${version}`;
}

/** What the compiler says of resources as values of their types. */
function problems(list: readonly Resource[]): string[] {
  const source = list.map(
    (resource, i) =>
      `import type { ${resource.kind} as T${i} } from "${moduleOf(resource.apiVersion)}";\n` +
      `export const r${i}: T${i} = ${JSON.stringify(resource, null, 1)};\n`,
  );
  const path = join(root, "test", "deploy", "generated.ts");
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: [],
    lib: ["lib.es5.d.ts"],
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile, fileExists } = host;
  host.fileExists = (name) => name === path || fileExists(name);
  host.getSourceFile = (name, ...rest) =>
    name === path ? ts.createSourceFile(name, source.join(""), ts.ScriptTarget.ESNext) : getSourceFile(name, ...rest);
  const program = ts.createProgram([path], options, host);
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

test("the scripts in the manifests are those of the examples (bun scripts/deploy.ts writes them)", async () => {
  for (const { name, now, wanted } of await manifests()) expect([name, now === wanted]).toEqual([name, true]);
});

test("every field is one of Kubernetes, of the right type", () => {
  expect(all.length).toBeGreaterThan(15);
  expect(problems(all.map(([, resource]) => resource))).toEqual([]);
}, 60_000);

test("mistakes would be noticed", () => {
  const job = all.find(([, { kind }]) => kind === "Job")![1];
  const changed = (change: (copy: Record<string, never>) => void) => {
    const copy = structuredClone(job);
    change(copy as never);
    return copy;
  };
  type Any = { spec: Record<string, unknown> & { template: { spec: { containers: Record<string, unknown>[] } } } };
  const wrong = [
    changed((copy) => ((copy as unknown as Any).spec.backoffLimt = 1)),
    changed((copy) => ((copy as unknown as Any).spec.backoffLimit = "1")),
    changed((copy) => ((copy as unknown as Any).spec.template.spec.containers[0]!.resorces = {})),
    changed((copy) => delete (copy as unknown as Any).spec.template.spec.containers[0]!.name),
  ];
  expect(problems(wrong)).toEqual([
    expect.stringContaining(`'"backoffLimt"' does not exist`),
    expect.stringContaining("'string' is not assignable to type 'number'"),
    expect.stringContaining(`'"resorces"' does not exist`),
    expect.stringContaining("'name' is missing"),
  ]);
}, 60_000);

const pods = all.flatMap(([file, resource]) => {
  const pod = podOf(resource);
  return pod === undefined
    ? []
    : [{ title: `${file}: ${resource.kind} ${resource.metadata.name}`, file, resource, pod }];
});

describe.each(pods)("$title", ({ file, resource, pod }) => {
  const list = files.get(file)!;
  const { spec } = pod;

  test("runs as nobody in particular, who may nothing", () => {
    expect(spec.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 65532,
      runAsGroup: 65532,
      fsGroup: 65532,
      seccompProfile: { type: "RuntimeDefault" },
    });
    for (const container of spec.containers)
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
  });

  test("asks for resources, and has a limit of memory", () => {
    const quantity = /^\d+(?:m|Mi)$/;
    for (const container of spec.containers)
      expect(container.resources).toEqual({
        requests: { cpu: expect.stringMatching(quantity), memory: expect.stringMatching(quantity) },
        limits: { memory: expect.stringMatching(quantity) },
      });
  });

  test("has a token of the API server only with rights of its own", () => {
    if (spec.automountServiceAccountToken === false) expect(spec.serviceAccountName).toBeUndefined();
    else {
      const named = (kind: string) => list.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
      expect(named("ServiceAccount")).toContain(spec.serviceAccountName as string);
      const binding = list.find((one) => one.kind === "RoleBinding") as Resource & {
        roleRef: { name: string };
        subjects: { name: string }[];
      };
      expect(binding.subjects[0]!.name).toBe(spec.serviceAccountName as string);
      expect(named("Role")).toContain(binding.roleRef.name);
    }
  });

  test("narrows what its script may do, of every kind", () => {
    for (const container of spec.containers) {
      const permissions = container.env!.find(({ name }) => name === "ASSAY_PERMISSIONS")!.value!;
      expect(permissions).toMatch(/--allow-net=\S|--deny-net/);
      expect(permissions).toMatch(/--allow-env=\S|--deny-env/);
      if (container.args.some((arg) => arg.endsWith(".lua")))
        expect(permissions).toMatch(/--allow-read=\S|--deny-read/);
    }
  });

  test("mounts what it has, and has what it mounts", () => {
    const volumes = spec.volumes.map(({ name }) => name).sort();
    for (const container of spec.containers)
      expect(container.volumeMounts.map(({ name }) => name).sort()).toEqual(volumes);
    const scripts = spec.volumes.find(({ name }) => name === "scripts" || name === "checks");
    if (scripts !== undefined) {
      const map = list.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === scripts.configMap!.name)!;
      const { mountPath } = spec.containers[0]!.volumeMounts.find(({ name }) => name === scripts.name)!;
      const run = spec.containers[0]!.args.find((arg) => arg.startsWith(`${mountPath}/`))!;
      expect(Object.keys(map.data as object)).toContain(run.slice(mountPath.length + 1));
    }
  });

  test("names fit each other", () => {
    expect(resource.metadata.name).toMatch(/^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/);
    const selector = (resource.spec as { selector?: { matchLabels: object } }).selector;
    if (selector !== undefined) expect(pod.metadata.labels).toMatchObject(selector.matchLabels as never);
    else expect(spec.restartPolicy).toBe("Never");
    for (const other of list) {
      if (other.kind === "Service") expect((other.spec as { selector: object }).selector).toEqual(pod.metadata.labels);
    }
  });
});
