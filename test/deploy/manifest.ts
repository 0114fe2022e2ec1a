/** The manifests in deploy/: their documents, their pods, and how a container of theirs is run without a cluster. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments } from "yaml";
import { manifests } from "../../scripts/deploy.ts";

export interface Resource {
  apiVersion: string;
  kind: string;
  metadata: { name: string; annotations?: Record<string, string> };
  [key: string]: unknown;
}

export interface Container {
  name: string;
  image: string;
  command?: string[];
  args: string[];
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  volumeMounts: { name: string; mountPath: string; readOnly?: boolean }[];
  [key: string]: unknown;
}

export interface PodSpec {
  containers: Container[];
  volumes: { name: string; configMap?: { name: string }; secret?: { secretName: string } }[];
  [key: string]: unknown;
}

/** The resources of each file, by its name. */
export async function resources(): Promise<Map<string, Resource[]>> {
  const out = new Map<string, Resource[]>();
  for (const { name, now } of await manifests()) {
    const documents = parseAllDocuments(now) as { errors: unknown[]; toJS(): Resource }[];
    const errors = documents.flatMap((document) => document.errors);
    if (errors.length > 0) throw new Error(`${name}: ${errors[0]}`);
    out.set(
      name,
      documents.map((document) => document.toJS()),
    );
  }
  return out;
}

/** The template of the pods that a resource makes; undefined for those that make none. */
export function podOf(resource: Resource): { metadata: { labels: Record<string, string> }; spec: PodSpec } | undefined {
  type Spec = { template?: unknown; jobTemplate?: { spec: { template: unknown } } };
  const spec = resource.spec as Spec | undefined;
  return (spec?.jobTemplate?.spec.template ?? spec?.template) as ReturnType<typeof podOf>;
}

/** What a container is given when it is run as a process: paths in a folder instead of the container's, and so on. */
export interface Placement {
  /** Folder that stands for the container's root. */
  root: string;
  /** Content of the files of volumes, by volume and file name. ConfigMaps of the same file need not be given. */
  files?: Record<string, Record<string, string>>;
  /** What the cluster sets: service addresses, the index of a shard. */
  cluster?: Record<string, string>;
  /** Folders that stand for mounts, where it is not one of its own in `root`. */
  mounts?: Record<string, string>;
  /** Texts to be replaced in arguments, variables and scripts: names of hosts. */
  replace?: Record<string, string>;
}

/** Arguments and environment of a container as a process on this machine gets them. */
export function placed(
  file: readonly Resource[],
  pod: PodSpec,
  { root, files = {}, cluster = {}, mounts = {}, replace = {} }: Placement,
): { args: string[]; env: Record<string, string> } {
  const container = pod.containers[0]!;
  const here = (text: string): string => {
    let out = text;
    for (const [from, to] of Object.entries(replace)) out = out.replaceAll(from, to);
    return out;
  };
  const folderOf = (mountPath: string) => mounts[mountPath] ?? join(root, mountPath);
  const local = (text: string): string => {
    let out = here(text);
    for (const { mountPath } of container.volumeMounts) {
      // A path stands at the beginning, or behind one of these.
      const found = new RegExp(`(?<=^|[=, ])${mountPath}(?=$|[/, ])`, "g");
      out = out.replace(found, folderOf(mountPath));
    }
    return out;
  };
  for (const { name, mountPath } of container.volumeMounts) {
    const volume = pod.volumes.find((one) => one.name === name)!;
    const map = file.find((one) => one.kind === "ConfigMap" && one.metadata.name === volume.configMap?.name);
    const contents = { ...(map?.data as Record<string, string> | undefined), ...files[name] };
    mkdirSync(folderOf(mountPath), { recursive: true });
    for (const [key, content] of Object.entries(contents)) writeFileSync(join(folderOf(mountPath), key), here(content));
  }
  const env: Record<string, string> = { ...cluster };
  const expanded = (text: string) => text.replace(/\$\((\w+)\)/g, (whole, name) => env[name] ?? whole);
  for (const { name, value } of container.env ?? []) if (value !== undefined) env[name] = local(expanded(value));
  return { args: container.args.map((arg) => local(expanded(arg))), env };
}
