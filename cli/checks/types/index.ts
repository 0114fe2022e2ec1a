/** The check types: the only place where one is named. */
import { dns } from "./dns.ts";
import { http } from "./http.ts";
import { k8s } from "./k8s.ts";
import { prometheus } from "./prometheus.ts";
import { script } from "./script.ts";
import { sql } from "./sql.ts";
import { tcp } from "./tcp.ts";
import { tls } from "./tls.ts";
import type { CheckType } from "./type.ts";

export const CHECK_TYPES: readonly CheckType[] = [http, prometheus, script, tcp, dns, tls, sql, k8s];

/** A type by its name. */
export function checkType(name: string): CheckType {
  const found = CHECK_TYPES.find((type) => type.name === name);
  if (found === undefined) throw new Error(`no check type ${name}`);
  return found;
}
