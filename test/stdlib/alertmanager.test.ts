import { afterAll, beforeAll, describe } from "bun:test";
import { Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local alertmanager = require("assay.alertmanager") local c = alertmanager.client(URL .. "/", { username = "u", password = "p" })`;
const BASIC = "Basic dTpw";
const alert = (alertname: string, silencedBy: string[] = []) => ({
  labels: { alertname },
  status: { state: silencedBy.length > 0 ? "suppressed" : "active", silencedBy },
});
const job = { name: "job", value: "api", isRegex: false, isEqual: true };
const zone = { name: "zone", value: "a|b", isRegex: true, isEqual: false };
const silence = (id: string, state: string, more = {}) => ({
  id,
  status: { state },
  updatedAt: "2023-11-14T22:00:00.000Z",
  matchers: [job, zone],
  startsAt: "2023-11-14T22:00:00.000Z",
  endsAt: "2023-11-14T23:00:00.000Z",
  createdBy: "deploy",
  comment: "rollout 7",
  ...more,
});

const routes: Routes = {
  "GET /api/v2/alerts": json([alert("NodeDown"), alert("DiskFull")]),
  "POST /api/v2/alerts": text(""),
  "GET /api/v2/alerts/groups": json([{ labels: {}, receiver: { name: "pager" }, alerts: [] }]),
  "GET /api/v2/silences": json([
    silence("s1", "active"),
    silence("s2", "expired"),
    silence("s3", "pending", { comment: "other" }),
    silence("s4", "active", { createdBy: "bob" }),
  ]),
  "GET /api/v2/silence/s1": json(silence("s1", "active")),
  "POST /api/v2/silences": json({ silenceID: "new" }),
  "DELETE /api/v2/silence/s1": text(""),
  "DELETE /api/v2/silence/s3": text(""),
  "DELETE /api/v2/silence/new": text(""),
  "GET /api/v2/status": json({
    cluster: { status: "ready", peers: [{ name: "a" }, { name: "b" }] },
    uptime: "2023-11-14T22:00:00Z",
  }),
  "GET /api/v2/receivers": json([{ name: "pager" }]),
};

describe("alerts", () => {
  const only = "active=true&silenced=false&inhibited=false";
  rows(() => server, prelude, routes, {
    [`return #c:alerts()`]: {
      asked: ["GET /api/v2/alerts"],
      headers: { authorization: BASIC, accept: "application/json" },
      gives: 2,
    },
    [`return #alertmanager.alerts({ url = URL .. "/prefix/", token = "sesame" })`]: {
      routes: { "GET /prefix/api/v2/alerts": json([]) },
      headers: { authorization: "Bearer sesame" },
      gives: 0,
    },
    [`return #c:alerts({ receiver = "a.*", filter = { 'a="b c"', "x!~y" }, unprocessed = false, inhibited = true, silenced = false, active = true, receiver_matchers = "t=1" })`]:
      {
        asked: [
          "GET /api/v2/alerts?active=true&silenced=false&inhibited=true&unprocessed=false&filter=a%3D%22b%20c%22&filter=x%21~y&receiver=a.%2A&receiver_matchers=t%3D1",
        ],
      },
    [`return c:alerts() -- refused`]: {
      routes: { "GET /api/v2/alerts": text('"no"', 401) },
      raises: `alertmanager.alerts: HTTP 401: "no"`,
    },
    [`return c:alerts() -- failing`]: {
      routes: { "GET /api/v2/alerts": text("boom", 500) },
      raises: "alertmanager.alerts: HTTP 500: boom",
    },
    [`return alertmanager.alerts(URL .. "/x")`]: { raises: "alertmanager.alerts: HTTP 404: 404 page not found\n" },
    [`return c:alerts() -- login page`]: {
      routes: { "GET /api/v2/alerts": text("<html>", 200, "text/html") },
      raises: "alertmanager.alerts: GET /api/v2/alerts: invalid JSON in response (content-type text/html): <html>",
    },
    [`return alertmanager.alerts()`]: { raises: "alertmanager.alerts: url is required" },
    [`return alertmanager.alerts("http://127.0.0.1:1")`]: {
      raises: "alertmanager.alerts: GET /api/v2/alerts: connection refused",
    },
    [`return c:post_alerts({ { labels = { alertname = "A" }, annotations = {}, startsAt = 1700000000.5, endsAt = "2023-11-15T00:00:00Z", generatorURL = "http://x" } })`]:
      {
        asked: ["POST /api/v2/alerts"],
        sent: [
          [
            {
              labels: { alertname: "A" },
              annotations: {},
              startsAt: "2023-11-14T22:13:20.500Z",
              endsAt: "2023-11-15T00:00:00Z",
              generatorURL: "http://x",
            },
          ],
        ],
        headers: { "content-type": "application/json" },
        gives: true,
      },
    [`return c:post_alerts({})`]: { sent: [[]], gives: true },
    [`return c:post_alerts({ labels = { alertname = "A" } }) -- one`]: {
      sent: [[{ labels: { alertname: "A" } }]],
      gives: true,
    },
    [`return c:post_alerts()`]: { asked: [], raises: "alertmanager.post_alerts: alerts is required" },
    [`return c:post_alerts({ { labels = {} } })`]: {
      routes: { "POST /api/v2/alerts": text('"bad"', 400) },
      sent: [[{ labels: {} }]],
      raises: `alertmanager.post_alerts: HTTP 400: "bad"`,
    },
    [`return c:post_alerts({}) -- 202`]: {
      routes: { "POST /api/v2/alerts": text("", 202) },
      raises: "alertmanager.post_alerts: HTTP 202: ",
    },
    [`return c:send("T", { severity = "none" }, { summary = "s" }, 60)`]: {
      sent: [
        [
          {
            labels: { alertname: "T", severity: "none" },
            annotations: { summary: "s" },
            startsAt: "2023-11-14T22:13:20Z",
            endsAt: "2023-11-14T22:14:20Z",
          },
        ],
      ],
      gives: true,
    },
    [`return c:send("T")`]: { sent: [[{ labels: { alertname: "T" }, startsAt: "2023-11-14T22:13:20Z" }]], gives: true },
    [`return c:alert_groups({ active = true, silenced = false, inhibited = false, muted = false, filter = "a=b", receiver = "pager" })[1].receiver.name`]:
      {
        asked: [`GET /api/v2/alerts/groups?${only}&muted=false&filter=a%3Db&receiver=pager`],
        gives: "pager",
      },
    [`return c:alert_groups() -- refused`]: {
      routes: { "GET /api/v2/alerts/groups": text("no", 403) },
      raises: "alertmanager.alert_groups: HTTP 403: no",
    },
    [`return c:is_firing('a"b\\\\c\\nd')`]: {
      asked: [`GET /api/v2/alerts?${only}&filter=${encodeURIComponent('alertname="a\\"b\\\\c\\nd"')}`],
      gives: true,
    },
    [`return c:is_firing("A"), c:active_count()`]: {
      routes: { "GET /api/v2/alerts": json([]) },
      gives: false,
      also: [0],
    },
    [`return c:active_count()`]: { asked: [`GET /api/v2/alerts?${only}`], gives: 2 },
    [`return c:is_firing("A") -- failing`]: {
      routes: { "GET /api/v2/alerts": text("boom", 500) },
      raises: "alertmanager.alerts: HTTP 500: boom",
    },
    [`return c:is_firing("")`]: { asked: [], raises: "alertmanager.is_firing: alertname is required" },
    [`return c:is_silenced("A")`]: { asked: ["GET /api/v2/alerts?filter=alertname%3D%22A%22"], gives: false },
    [`return c:is_silenced("A") -- it is`]: {
      routes: { "GET /api/v2/alerts": json([alert("A"), alert("A", ["s1"])]) },
      gives: true,
    },
    [`return c:wait_firing("A")`]: {
      routes: { "GET /api/v2/alerts": (_, nth) => (nth === 1 ? text("no", 503) : json(nth === 2 ? [] : [alert("A")])) },
      slept: [2, 2],
      gives: true,
    },
    [`return c:wait_firing("A", 3)`]: {
      routes: { "GET /api/v2/alerts": json([]) },
      raises: "alertmanager.wait_firing: alert A not firing after 3s",
    },
    [`return c:wait_resolved("A", { interval = 1 })`]: {
      routes: { "GET /api/v2/alerts": (_, nth) => json(nth < 3 ? [alert("A", ["s1"])] : []) },
      slept: [1, 1],
      gives: true,
    },
    [`return c:wait_resolved("A") -- refused`]: {
      routes: { "GET /api/v2/alerts": text("no", 403) },
      slept: undefined,
      raises: "alertmanager.alerts: HTTP 403: no",
    },
  });
});

describe("silences", () => {
  rows(() => server, prelude, routes, {
    [`return #c:silences({ filter = { "a=b" }, active = true, pending = false, expired = false })`]: {
      asked: ["GET /api/v2/silences?filter=a%3Db&active=true&pending=false&expired=false"],
      gives: 4,
    },
    [`return c:silences() -- refused`]: {
      routes: { "GET /api/v2/silences": text("no", 401) },
      raises: "alertmanager.silences: HTTP 401: no",
    },
    [`return c:silence("s1").comment`]: { asked: ["GET /api/v2/silence/s1"], gives: "rollout 7" },
    [`return c:silence("a b/ü%")`]: {
      asked: ["GET /api/v2/silence/a%20b%2F%C3%BC%25"],
      raises: "alertmanager.silence: HTTP 404: 404 page not found\n",
    },
    [`return c:silence("")`]: { asked: [], raises: "alertmanager.silence: id is required" },
    [`return c:create_silence({ id = "s1", matchers = { { name = "a", value = "b" }, { name = "c", value = "d", isRegex = true, isEqual = false } }, startsAt = 1700000000, endsAt = "2023-11-15T00:00:00Z", createdBy = "x", comment = "y" }).silenceID`]:
      {
        asked: ["POST /api/v2/silences"],
        sent: [
          {
            id: "s1",
            matchers: [
              { name: "a", value: "b", isRegex: false, isEqual: true },
              { name: "c", value: "d", isRegex: true, isEqual: false },
            ],
            startsAt: "2023-11-14T22:13:20Z",
            endsAt: "2023-11-15T00:00:00Z",
            createdBy: "x",
            comment: "y",
          },
        ],
        gives: "new",
      },
    [`local given = { matchers = { { name = "a", value = "b" } }, startsAt = 1 } c:create_silence(given) return given -- stays as it was`]:
      {
        gives: { matchers: [{ name: "a", value: "b" }], startsAt: 1 },
      },
    [`return c:create_silence({ id = "x" })`]: {
      routes: { "POST /api/v2/silences": text("", 404) },
      raises: "alertmanager.create_silence: HTTP 404: ",
    },
    [`return c:create_silence()`]: { asked: [], raises: "alertmanager.create_silence: silence is required" },
    [`return c:delete_silence("s1")`]: { asked: ["DELETE /api/v2/silence/s1"], gives: true },
    [`return c:delete_silence("x") -- failing`]: {
      routes: { "*": text("boom", 500) },
      raises: "alertmanager.delete_silence: HTTP 500: boom",
    },
    [`return c:silence_alert("NodeDown", 0.5)`]: {
      sent: [
        {
          matchers: [{ name: "alertname", value: "NodeDown", isRegex: false, isEqual: true }],
          startsAt: "2023-11-14T22:13:20Z",
          endsAt: "2023-11-14T22:43:20Z",
          createdBy: "assay",
          comment: "Silenced by assay",
        },
      ],
      gives: "new",
    },
    [`clock.time = function() return 1700000000.9996 end return c:silence_alert("A", 1, { created_by = "me", comment = "why", matchers = { { name = "job", value = "api" } } })`]:
      {
        sent: [
          {
            matchers: [{ name: "alertname", value: "A", isRegex: false, isEqual: true }, job],
            startsAt: "2023-11-14T22:13:20.999Z",
            endsAt: "2023-11-14T23:13:20.999Z",
            createdBy: "me",
            comment: "why",
          },
        ],
      },
    [`return c:silence_alert("A", 0)`]: {
      asked: [],
      raises: "alertmanager.silence_alert: duration_hours must be a number above 0",
    },
    [`return c:silence_alert("A", "2")`]: {
      asked: [],
      raises: "alertmanager.silence_alert: duration_hours must be a number above 0",
    },
    [`return c:silence_alert("A")`]: { asked: [], raises: "alertmanager.silence_alert: duration_hours is required" },
    [`return c:silence_alert("A", 1) -- bad`]: {
      routes: { "POST /api/v2/silences": text('"bad"', 400) },
      raises: `alertmanager.create_silence: HTTP 400: "bad"`,
    },
    [`return c:expire_silences({ created_by = "deploy" })`]: {
      asked: ["GET /api/v2/silences", "DELETE /api/v2/silence/s1", "DELETE /api/v2/silence/s3"],
      gives: ["s1", "s3"],
    },
    [`return c:expire_silences({ created_by = "deploy", comment_prefix = "rollout" })`]: { gives: ["s1"] },
    [`return c:expire_silences({ comment_prefix = "none" })`]: { gives: [] },
    [`return c:expire_silences({ created_by = "" })`]: {
      asked: [],
      raises: "alertmanager.expire_silences: created_by or comment_prefix is required",
    },
  });

  const same = `matchers = { { name = "zone", value = "a|b", isRegex = true, isEqual = false }, { name = "job", value = "api" } }, createdBy = "deploy", comment = "c"`;
  rows(() => server, prelude, routes, {
    [`return c:ensure_silence({ ${same}, startsAt = 1, endsAt = "2023-11-14T23:00:00Z" })`]: {
      asked: ["GET /api/v2/silences"],
      gives: "s1",
    },
    [`return c:ensure_silence({ ${same}, startsAt = 1, endsAt = 1700009999 }) -- longer`]: {
      asked: ["GET /api/v2/silences", "POST /api/v2/silences"],
      sent: [
        {
          id: "s1",
          matchers: [job, zone],
          startsAt: "2023-11-14T22:00:00.000Z",
          endsAt: "2023-11-15T00:59:59Z",
          createdBy: "deploy",
          comment: "rollout 7",
        },
      ],
      gives: "new",
    },
    [`return c:ensure_silence({ matchers = { { name = "job", value = "api" } }, createdBy = "deploy", startsAt = 1, endsAt = 2, comment = "c" })`]:
      {
        sent: [
          {
            matchers: [job],
            createdBy: "deploy",
            startsAt: "1970-01-01T00:00:01Z",
            endsAt: "1970-01-01T00:00:02Z",
            comment: "c",
          },
        ],
        gives: "new",
      },
    [`return c:with_silence({ { name = "job", value = "api" } }, 1, function(id) return id, 2 end)`]: {
      asked: ["POST /api/v2/silences", "DELETE /api/v2/silence/new"],
      gives: "new",
      also: [2],
    },
    [`return c:with_silence({ { name = "job", value = "api" } }, 1, function() error("broken", 0) end)`]: {
      asked: ["POST /api/v2/silences", "DELETE /api/v2/silence/new"],
      raises: "broken",
    },
    [`return c:with_silence({}, 1, function() error("broken", 0) end) -- nor does it expire`]: {
      routes: { "DELETE /api/v2/silence/new": text("boom", 500) },
      raises: "broken",
    },
    [`return c:with_silence({}, 1, function() end) -- does not expire`]: {
      routes: { "DELETE /api/v2/silence/new": text("boom", 500) },
      raises: "alertmanager.delete_silence: HTTP 500: boom",
    },
    [`return c:with_silence({}, -1, print)`]: {
      asked: [],
      raises: "alertmanager.with_silence: hours must be a number above 0",
    },
  });
});

describe("the server itself", () => {
  rows(() => server, prelude, routes, {
    [`return c:status().cluster.status`]: { asked: ["GET /api/v2/status"], gives: "ready" },
    [`return c:status() -- failing`]: {
      routes: { "*": text("boom", 500), "GET /api/v2/status": text("boom", 500) },
      raises: "alertmanager.status: HTTP 500: boom",
    },
    [`return c:cluster_ready(), c:cluster_ready(2), c:cluster_ready(3)`]: { gives: true, also: [true, false] },
    [`return c:cluster_ready() -- alone`]: {
      routes: { "GET /api/v2/status": json({ cluster: { status: "disabled" } }) },
      gives: false,
    },
    [`return c:receivers()[1].name, #c:receivers({ receiver_matchers = { "a=b" } })`]: {
      asked: ["GET /api/v2/receivers", "GET /api/v2/receivers?receiver_matchers=a%3Db"],
      gives: "pager",
      also: [1],
    },
    [`return c:healthy(), c:ready(), c:reload()`]: {
      routes: { "GET /-/healthy": text("ok"), "GET /-/ready": text("no", 503), "POST /-/reload": text("bad", 500) },
      asked: ["GET /-/healthy", "GET /-/ready", "POST /-/reload"],
      gives: true,
      also: [false, false],
    },
    [`return #c.alerts:list(), c.alerts:post({}), #c.alerts:groups(), c.alerts:is_firing("A"), c.alerts:active_count(), #c:alerts()`]:
      { gives: 2, also: [true, 1, true, 2, 2] },
    [`return #c.silences:list(), c.silences:get("s1").id, c.silences:create({}).silenceID, c.silences:delete("s1"), c.silences:silence_alert("A", 1)`]:
      {
        gives: 4,
        also: ["s1", "new", true, "new"],
      },
    [`return c.status:get().cluster.status, #c.receivers:list(), c:status().cluster.status`]: {
      gives: "ready",
      also: [1, "ready"],
    },
  });
});
