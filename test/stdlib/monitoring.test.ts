/** prometheus and alertmanager against the real servers. */
import { afterAll, describe, expect, test } from "bun:test";
import { monitoring } from "../support/prometheus.ts";
import { Machine, plain } from "./fixture.ts";

const servers = await monitoring();
const machine = new Machine();
afterAll(() => machine.close());

/** The tests' virtual clock is of no use with real servers. */
const prelude = `
clock.now, clock.time, clock.sleep = monotonic or time, time, sleep
local prometheus = require("assay.prometheus").client("${servers?.prometheus}")
local alertmanager = require("assay.alertmanager").client("${servers?.alertmanager}")
local quick = { interval = 0.1 }
local function scraped() prometheus:wait_query('count(up) == 3', function(n) return n == 3 end, 30, quick) end
`;

const table: Record<string, unknown[]> = {
  [`scraped() return prometheus:query('up{job="prometheus"}'), prometheus:query('up{note="a \\\\"b\\\\" + c & d"}'), prometheus:query('up{job=~"prom.*|x"}')`]:
    [1, 1, 1],
  [`scraped() return #prometheus:query("up"), prometheus:query("count(up == 0)"), prometheus:query("up == 7"), prometheus:query("1 + 1"), prometheus:query("'text'")`]:
    [3, 1, [], 2, "text"],
  [`scraped() return prometheus:query('up{job="prometheus"} + ' .. ("0 + "):rep(2000) .. "0")`]: [1],
  [`return prometheus:query("0/0") ~= prometheus:query("0/0"), prometheus:query("1/0") == math.huge`]: [true, true],
  [`scraped() local m = prometheus:query('up{job="prometheus"}[1m]') return #m, m[1].values[1][2]`]: [1, 1],
  [`scraped() local r = prometheus:query_range('up{job="prometheus"}', time() - 60, time(), "15s") return #r, r[1].values[1][2]`]:
    [1, "1"],
  [`return select(2, pcall(function() prometheus:query("up{") end)):match("^prometheus.query: HTTP 400: .*bad_data")~= nil`]:
    [true],
  [`scraped() local t = prometheus:targets({ state = "active" }) return #t.activeTargets, #t.droppedTargets, #prometheus:targets({ state = "dropped" }).activeTargets`]:
    [3, 0, 0],
  [`scraped() prometheus:wait_query("scrape_samples_scraped{job='nobody'}", function() return prometheus:down_targets()[1] end, 30, quick) local down = prometheus:down_targets() return #down, down[1].scrapeUrl, down[1].lastError:find("refused") ~= nil`]:
    [1, "http://127.0.0.1:1/metrics", true],
  [`local g = prometheus:rules() return #g, g[1].name, g[1].interval, #g[1].rules, #prometheus:rules({ type = "alert" })[1].rules, pcall(prometheus.rules, prometheus, { type = "odd" })`]:
    [1, "test", 1, 2, 1, false, expect.stringContaining("prometheus.rules: HTTP 400: ")],
  [`scraped() return #prometheus:series({ 'up{job="prometheus"}', 'up{job="nobody"}' }), prometheus:series("up{job='nobody'}")[1].instance, #prometheus:label_values("job", { match = "up" })`]:
    [2, "127.0.0.1:1", 3],
  [`return prometheus:healthy(), prometheus:ready(), prometheus:runtimeinfo().reloadConfigSuccess, prometheus:flags()["web.enable-lifecycle"]`]:
    [true, true, true, "true"],
  [`scraped() return #prometheus:labels() > 3, #prometheus:targets_metadata({ metric = "prometheus_build_info" }), prometheus:metadata({ metric = "prometheus_build_info" }).prometheus_build_info[1].type, prometheus:tsdb_status().headStats.numSeries > 10`]:
    [true, 1, "gauge", true],
  [`alertmanager:wait_firing("AlwaysOn", 30, quick) return #prometheus:alertmanagers().activeAlertmanagers, type(prometheus:buildinfo().version), prometheus:config().yaml:find("nobody") ~= nil, #prometheus:exemplars("up", { start = time() - 60, end_time = time() }), type(prometheus:snapshot())`]:
    [1, "string", true, 0, "string"],
  [`prometheus:wait_query("ALERTS", function() return #prometheus:firing("AlwaysOn") > 0 end, 30, quick) alertmanager:wait_firing("AlwaysOn", 30, quick) local a = prometheus:firing("AlwaysOn")[1] return a.labels.severity, a.annotations.summary, a.value`]:
    ["page", "never ends", "1e+00"],
  [`
    local name = 'Odd "one" \\\\ two'
    local before = alertmanager:is_firing(name)
    alertmanager:send(name, { severity = "none" }, {}, 300)
    alertmanager:wait_firing(name, 10, quick)
    local id = alertmanager:silence_alert(name, 0.5, { comment = "test", created_by = "assay-test" })
    local silenced
    for _ = 1, 100 do silenced = alertmanager:is_silenced(name) if silenced then break end sleep(0.05) end
    local firing, state = alertmanager:is_firing(name), alertmanager:silence(id).status.state
    local same = alertmanager:ensure_silence(alertmanager:silence(id)) == id
    local expired = alertmanager:expire_silences({ created_by = "assay-test" })
    local after = alertmanager:silence(id).status.state
    alertmanager:wait_firing(name, 10, quick)
    alertmanager:post_alerts({ { labels = { alertname = name, severity = "none" }, startsAt = time() - 10, endsAt = time() - 1 } })
    alertmanager:wait_resolved(name, 10, quick)
    return before, silenced, firing, state, same, #expired, after`]: [false, true, false, "active", true, 1, "expired"],
  [`return alertmanager:with_silence({ { name = "job", value = "x|y", isRegex = true } }, 1, function(id) return alertmanager:silence(id).status.state end)`]:
    ["active"],
  [`return alertmanager:healthy(), alertmanager:ready(), alertmanager:reload(), alertmanager:receivers()[1].name, alertmanager:status().cluster.status, alertmanager:cluster_ready()`]:
    [true, true, true, "nobody", "disabled", false],
  [`alertmanager:wait_firing("AlwaysOn", 30, quick) local g = alertmanager:alert_groups({ filter = 'alertname="AlwaysOn"' }) return #g, g[1].receiver.name, #alertmanager:alerts({ filter = { 'severity=~"pa.*"', "alertname=AlwaysOn" } }), alertmanager:active_count() > 0`]:
    [1, "nobody", 1, true],
  [`return pcall(alertmanager.silence, alertmanager, "not-a-uuid")`]: [
    false,
    expect.stringContaining("alertmanager.silence: HTTP 422: "),
  ],
  [`return pcall(alertmanager.create_silence, alertmanager, { matchers = { { name = "a", value = "b" } }, startsAt = time(), endsAt = time() - 9, createdBy = "x", comment = "y" })`]:
    [false, expect.stringContaining("alertmanager.create_silence: HTTP 400: ")],
  // Last, because Prometheus then looks for its Alertmanager anew.
  [`return prometheus:config_reload()`]: [true],
};

describe.skipIf(servers === undefined)("the real servers", () => {
  for (const [code, expected] of Object.entries(table)) {
    test(code.trim(), async () => {
      const { results, error } = await machine.run(`${prelude} ${code}`);
      expect(error).toBeUndefined();
      expect(results.map(plain)).toEqual(expected);
    }, 60_000);
  }
});
