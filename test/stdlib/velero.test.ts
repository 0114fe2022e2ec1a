import { afterAll, beforeAll, describe } from "bun:test";
import { gzipSync } from "node:zlib";
import { collection, items, missing, object, refused, said, sequence } from "./cluster.ts";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
let store: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
  store = await Fixture.start();
});
afterAll(async () => {
  await server.close();
  await store.close();
});

const V = "/apis/velero.io/v1/namespaces/velero";
const prelude = `local velero = require("assay.velero") local c = velero.client(URL, "sesame")`;

const backup = (name: string, at: string, phase: string | undefined, more: Record<string, unknown> = {}) =>
  object(name, {
    metadata: { creationTimestamp: at, uid: `uid-${name}`, labels: { "velero.io/schedule-name": "daily" } },
    status: { phase, ...more },
  });
const first = backup("daily-1", "2023-11-12T03:00:00Z", "Completed", {
  startTimestamp: "2023-11-12T03:00:00Z",
  completionTimestamp: "2023-11-14T21:13:20Z",
  expiration: "2023-12-12T03:00:00Z",
  warnings: 1,
  progress: { itemsBackedUp: 10, totalItems: 12 },
});
const second = backup("daily-2", "2023-11-13T03:00:00Z", "InProgress", { itemsBackedUp: 3, totalItems: 9 });
const failed = backup("bad", "2023-11-11T03:00:00Z", "FailedValidation", {
  errors: 2,
  failureReason: "no bucket",
  validationErrors: ["location missing"],
});
const other = object("other", {
  metadata: { creationTimestamp: "2023-11-14T00:00:00Z" },
  status: { phase: "Completed", completionTimestamp: "2023-11-14T22:13:10Z" },
});

const routes: Routes = {
  ...collection(`${V}/backups`, first, second, failed, other),
  ...collection(
    `${V}/restores`,
    object("again", {
      spec: { backupName: "daily-1" },
      status: {
        phase: "Completed",
        startTimestamp: "a",
        completionTimestamp: "b",
        warnings: 2,
        progress: { itemsRestored: 5, totalItems: 6 },
      },
    }),
  ),
  ...collection(
    `${V}/schedules`,
    object("daily", {
      metadata: { labels: { team: "a" } },
      spec: { schedule: "0 3 * * *", template: { ttl: "720h", includedNamespaces: ["shop"] } },
      status: { phase: "Enabled", lastBackup: "2023-11-13T03:00:00Z" },
    }),
    object("paused", { spec: { paused: true }, status: { phase: "Enabled" } }),
    object("wrong", { status: { phase: "FailedValidation", validationErrors: ["bad cron"] } }),
  ),
  ...collection(
    `${V}/backupstoragelocations`,
    object("default", { status: { phase: "Available" } }),
    object("far", { status: { phase: "Unavailable", message: "no route" } }),
  ),
  ...collection(`${V}/volumesnapshotlocations`, object("aws", { status: { phase: "Available" } })),
  ...collection(
    `${V}/backuprepositories`,
    object("shop", { status: { phase: "Ready" } }),
    object("x", { status: { phase: "NotReady" } }),
  ),
};

describe("reading", () => {
  const lists: Record<string, [string, number]> = {
    backups: [`${V}/backups`, 4],
    restores: [`${V}/restores`, 1],
    schedules: [`${V}/schedules`, 3],
    backup_storage_locations: [`${V}/backupstoragelocations`, 2],
    volume_snapshot_locations: [`${V}/volumesnapshotlocations`, 1],
    backup_repositories: [`${V}/backuprepositories`, 2],
  };
  const listRows = Object.entries(lists).flatMap(([call, [path, count]]) => [
    [`return #c:${call}()`, { asked: [`GET ${path}`], gives: count }] as const,
    [
      `return c:${call}() -- not installed`,
      { routes: { [`GET ${path}`]: text("404 page not found", 404) }, gives: [] },
    ] as const,
    [
      `return c:${call}() -- denied`,
      {
        routes: { [`GET ${path}`]: refused(403, "no") },
        raises: `velero: GET ${path} HTTP 403: ${said(refused(403, "no"))}`,
      },
    ] as const,
  ]);
  rows(() => server, prelude, routes, {
    ...Object.fromEntries(listRows),
    'local c = velero.client(URL, nil, "backup-system") return c.namespace, #c:backups()': {
      routes: { "GET /apis/velero.io/v1/namespaces/backup-system/backups": items(first) },
      gives: "backup-system",
      also: [1],
    },
    'c.namespace = "other" return c:backups()': {
      asked: ["GET /apis/velero.io/v1/namespaces/other/backups"],
      gives: [],
    },
    'return c:backup("daily-1").metadata.name, c:backup("none"), c:restore("again").metadata.name, c:schedule("daily").metadata.name, c:backup_storage_location("default").metadata.name, c:volume_snapshot_location("aws").metadata.name, c:backup_repository("shop").metadata.name':
      {
        gives: "daily-1",
        also: [undefined, "again", "daily", "default", "aws", "shop"],
      },
    'return c:backup("")': { asked: [], raises: "velero.backup: name is required" },
    'return c:backup_status("daily-1")': {
      gives: {
        phase: "Completed",
        started: "2023-11-12T03:00:00Z",
        completed: "2023-11-14T21:13:20Z",
        expiration: "2023-12-12T03:00:00Z",
        errors: 0,
        warnings: 1,
        items_backed_up: 10,
        items_total: 12,
        validation_errors: [],
      },
    },
    'local s = c:backup_status("daily-2") return s.items_backed_up, s.items_total': { gives: 3, also: [9] },
    'local s = c:backup_status("bad") return s.failure_reason, s.validation_errors': {
      gives: "no bucket",
      also: [["location missing"]],
    },
    'return c:backup_status("none")': {
      routes: { [`GET ${V}/backups/none`]: missing("none") },
      raises: "velero: backup none not found",
    },
    'return c:is_backup_completed("daily-1"), c:is_backup_completed("daily-2"), c:is_backup_completed("none")': {
      gives: true,
      also: [false, false],
    },
    'return c:is_backup_failed("bad"), c:is_backup_failed("daily-2"), c:is_backup_failed("none")': {
      gives: true,
      also: [false, false],
    },
    'return c:latest_backup("daily").metadata.name': {
      asked: [`GET ${V}/backups?labelSelector=velero.io%2Fschedule-name%3Ddaily`],
      gives: "daily-2",
    },
    'return c:latest_backup("weekly")': { gives: undefined },
    'return c:latest_backup(("s"):rep(70))': {
      asked: [`GET ${V}/backups?labelSelector=velero.io%2Fschedule-name%3D${"s".repeat(57)}861038`],
    },
    'return c:latest_completed_backup("daily").metadata.name, c:latest_completed_backup().metadata.name, c:latest_completed_backup("weekly")':
      { gives: "daily-1", also: ["other", undefined] },
    'return c:backup_age("daily"), c:backup_age("weekly")': { gives: 3600 },
    'return c:restore_status("again")': {
      gives: {
        phase: "Completed",
        started: "a",
        completed: "b",
        errors: 0,
        warnings: 2,
        items_restored: 5,
        items_total: 6,
        validation_errors: [],
      },
    },
    'return c:restore_status("none")': { raises: "velero: restore none not found" },
    'return c:is_restore_completed("again"), c:is_restore_completed("none")': { gives: true, also: [false] },
    'return c:schedule_status("daily")': {
      gives: {
        phase: "Enabled",
        last_backup: "2023-11-13T03:00:00Z",
        validation_errors: [],
        paused: false,
        cron: "0 3 * * *",
      },
    },
    'return c:schedule_status("none")': { raises: "velero: schedule none not found" },
    'return c:is_schedule_enabled("daily"), c:is_schedule_enabled("paused"), c:is_schedule_enabled("none")': {
      gives: true,
      also: [false, false],
    },
    "return c:all_schedules_enabled()": {
      gives: {
        enabled: 1,
        disabled: 2,
        total: 3,
        disabled_names: ["paused", "wrong"],
        reasons: { paused: "phase Enabled, paused", wrong: "phase FailedValidation" },
      },
    },
    'return c:is_bsl_available("default"), c:is_bsl_available("far"), c:is_bsl_available("none"), c:is_vsl_available("aws")':
      { gives: true, also: [false, false, true] },
    "return c:all_bsl_available()": {
      gives: {
        available: 1,
        unavailable: 1,
        total: 2,
        unavailable_names: ["far"],
        reasons: { far: "phase Unavailable: no route" },
      },
    },
    "return c:all_repositories_ready().not_ready_names": { gives: ["x"] },
    'return #c:pod_volume_backups("daily-1"), #c:data_uploads("daily-1")': {
      asked: [
        `GET ${V}/podvolumebackups?labelSelector=velero.io%2Fbackup-name%3Ddaily-1`,
        "GET /apis/velero.io/v2alpha1/namespaces/velero/datauploads?labelSelector=velero.io%2Fbackup-name%3Ddaily-1",
      ],
      gives: 0,
    },
    'return #c.backups:list(), c.backups:is_completed("daily-1"), #c:backups(), c.storage_locations:is_available("far"), c.schedules:status("daily").phase':
      {
        gives: 4,
        also: [true, 4, false, "Enabled"],
      },
  });
});

describe("acting", () => {
  const created = (call: { json: unknown }) => json({ ...(call.json as object), created: true }, 201);
  rows(
    () => server,
    prelude,
    { ...routes, [`POST ${V}/backups`]: created, [`POST ${V}/restores`]: created },
    {
      'return c:create_backup("now", { included_namespaces = { "shop" }, ttl = "72h", label_selector = { matchLabels = { a_b = "c" } } }).created':
        {
          sent: [
            {
              apiVersion: "velero.io/v1",
              kind: "Backup",
              metadata: { name: "now", namespace: "velero" },
              spec: { includedNamespaces: ["shop"], ttl: "72h", labelSelector: { matchLabels: { a_b: "c" } } },
            },
          ],
          gives: true,
        },
      'return c:create_backup("bare").created': {
        sent: [
          { apiVersion: "velero.io/v1", kind: "Backup", metadata: { name: "bare", namespace: "velero" }, spec: {} },
        ],
      },
      'return c:create_backup("now", { from_schedule = "daily", ttl = "1h" }).created': {
        sent: [
          {
            apiVersion: "velero.io/v1",
            kind: "Backup",
            metadata: { name: "now", namespace: "velero", labels: { "velero.io/schedule-name": "daily", team: "a" } },
            spec: { includedNamespaces: ["shop"], ttl: "1h" },
          },
        ],
      },
      'return c:create_backup("now", { from_schedule = "none" })': { raises: "velero: schedule none not found" },
      'return c:create_backup("now") -- it exists': {
        routes: { [`POST ${V}/backups`]: refused(409, "AlreadyExists") },
        raises: `velero: POST ${V}/backups HTTP 409: ${said(refused(409, "AlreadyExists"))}`,
      },
      'return c:run_schedule("daily").metadata.name': { gives: "daily-20231114221320" },
      'return c:wait_backup("b").metadata.name': {
        routes: {
          [`GET ${V}/backups/b`]: sequence(
            missing("b"),
            json(object("b")),
            json(backup("b", "x", "Finalizing")),
            json(first),
          ),
        },
        slept: [5, 5, 5],
        gives: "daily-1",
      },
      'return c:wait_backup("bad")': {
        raises: "velero: backup bad FailedValidation: 2 errors, 0 warnings: no bucket; location missing",
      },
      'return c:wait_backup("daily-2", 7)': {
        raises: "velero: backup daily-2 not finished after 7s (last: phase InProgress)",
      },
      'return c:wait_restore("again").metadata.name': { gives: "again" },
      'return c:create_restore("r", { backup = "daily-1", restore_pvs = true }).spec': {
        gives: { backupName: "daily-1", restorePvs: true },
      },
      'return c:create_restore("r", {})': { asked: [], raises: "velero.create_restore: backup is required" },
      'c:pause_schedule("daily") c:resume_schedule("daily")': {
        routes: { [`PATCH ${V}/schedules/daily`]: json({}) },
        sent: [{ spec: { paused: true } }, { spec: { paused: false } }],
        headers: { "content-type": "application/merge-patch+json" },
      },
      'return c:delete_backup("daily-1")': {
        routes: {
          [`POST ${V}/deletebackuprequests`]: json(object("daily-1-x"), 201),
          [`GET ${V}/deletebackuprequests/daily-1-x`]: sequence(
            json(object("daily-1-x", { status: { phase: "InProgress" } })),
            json(object("daily-1-x", { status: { phase: "Processed" } })),
          ),
        },
        sent: [
          {
            apiVersion: "velero.io/v1",
            kind: "DeleteBackupRequest",
            metadata: {
              generateName: "daily-1-",
              namespace: "velero",
              labels: { "velero.io/backup-name": "daily-1", "velero.io/backup-uid": "uid-daily-1" },
            },
            spec: { backupName: "daily-1" },
          },
        ],
        slept: [5],
        gives: true,
      },
      'return c:delete_backup("daily-1") -- with errors': {
        routes: {
          [`POST ${V}/deletebackuprequests`]: json(object("d"), 201),
          [`GET ${V}/deletebackuprequests/d`]: json(
            object("d", { status: { phase: "Processed", errors: ["bucket is gone"] } }),
          ),
        },
        raises: "velero: backup daily-1 not deleted: bucket is gone",
      },
      'return c:delete_backup("none")': { raises: "velero: backup none not found" },
      "return c:server_version()": {
        routes: {
          [`POST ${V}/serverstatusrequests`]: json(object("s"), 201),
          [`GET ${V}/serverstatusrequests/s`]: sequence(
            json(object("s")),
            json(
              object("s", {
                status: {
                  phase: "Processed",
                  serverVersion: "v1.16.0",
                  plugins: [{ name: "aws", kind: "ObjectStore" }],
                },
              }),
            ),
          ),
        },
        slept: [1],
        gives: "v1.16.0",
        also: [[{ name: "aws", kind: "ObjectStore" }]],
      },
    },
  );
});

describe("files from the object store", () => {
  const log = Array.from({ length: 300 }, (_, i) => `time=${i} level=info msg="item ${i * 7919}"\n`).join("");
  const packed = (body: string | Buffer) => ({ status: 200, headers: { "content-type": "application/x-gzip" }, body });
  const download = {
    [`POST ${V}/downloadrequests`]: json(object("d"), 201),
    [`GET ${V}/downloadrequests/d`]: () =>
      json(object("d", { status: { phase: "Processed", downloadURL: `${store.url}/bucket/log.gz?X-Sig=s3cr3t%2F` } })),
  };
  rows(
    () => server,
    prelude,
    { ...routes, ...download },
    {
      'local log = c:backup_logs("daily-1") return #log, log:sub(1, 20)': {
        routes: {
          [`POST ${V}/downloadrequests`]: (call) => {
            store.reset({ "GET /bucket/log.gz": packed(gzipSync(log)) });
            return json(object("d", { spec: (call.json as { spec: Record<string, unknown> }).spec }), 201);
          },
        },
        sent: [
          {
            apiVersion: "velero.io/v1",
            kind: "DownloadRequest",
            metadata: { generateName: "daily-1-", namespace: "velero" },
            spec: { target: { kind: "BackupLog", name: "daily-1" } },
          },
        ],
        gives: log.length,
        also: [log.slice(0, 20)],
      },
      'return c:backup_errors("daily-1")': {
        routes: {
          [`POST ${V}/downloadrequests`]: () => {
            store.reset({ "GET /bucket/log.gz": packed(gzipSync('{"errors":{"shop":["a"]}}', { level: 0 })) });
            return json(object("d"), 201);
          },
        },
        gives: { errors: { shop: ["a"] }, warnings: [] },
      },
      'return c:backup_logs("daily-1") -- the signature is not shown': {
        routes: {
          [`POST ${V}/downloadrequests`]: () => {
            store.reset({ "*": text("expired", 403) });
            return json(object("d"), 201);
          },
        },
        raises: "velero: GET /bucket/log.gz HTTP 403: expired",
      },
      'return c:backup_logs("none")': { raises: "velero: backup none not found" },
    },
  );
});
