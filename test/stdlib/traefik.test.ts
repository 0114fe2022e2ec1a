import { afterAll, beforeAll, describe } from "bun:test";
import { type Answer, Fixture, json, type Routes, rows, text } from "./fixture.ts";

let server: Fixture;
beforeAll(async () => {
  server = await Fixture.start();
});
afterAll(() => server.close());

const prelude = `local traefik = require("assay.traefik") local c = traefik.client({ url = URL .. "/", username = "u", password = "p" })`;
const router = (name: string, more = {}) => ({
  name: `${name}@docker`,
  provider: "docker",
  status: "enabled",
  service: name,
  rule: `Host(\`${name}.example.com\`)`,
  ...more,
});
const notFound = json({ message: "router not found: x@docker" }, 404);
const page = (items: unknown[], next?: string): Answer => ({
  headers: { "content-type": "application/json", ...(next === undefined ? {} : { "X-Next-Page": next }) },
  body: items,
});

const routes: Routes = {
  "GET /api/overview": json({ http: { routers: { total: 3 } } }),
  "GET /api/version": json({ Version: "3.1.0" }),
  "GET /api/rawdata": json({ routers: {} }),
  "GET /api/entrypoints": json([{ name: "web", address: ":80" }]),
  "GET /api/entrypoints/web": json({ name: "web", address: ":80" }),
  "GET /api/http/routers": json([
    router("a"),
    router("b", {
      status: "warning",
      error: ["odd"],
      rule: 'Host("x.org", `b.example.com`) && PathPrefix(`/api`)',
      tls: {},
    }),
    router("c", { status: "disabled", rule: "HostRegexp(`b.example.com`)" }),
  ]),
  "GET /api/http/routers/a@docker": json(router("a")),
  "GET /api/http/routers/b@docker": json(router("b", { status: "warning", error: ["odd", "bad"], tls: {} })),
  "GET /api/http/services": json([{ name: "a@docker" }]),
  "GET /api/http/services/a@docker": json({
    name: "a@docker",
    provider: "docker",
    loadBalancer: { servers: [{ url: "http://1" }, { url: "http://2" }] },
    serverStatus: { "http://1": "UP", "http://2": "DOWN" },
  }),
  "GET /api/http/services/b@docker": json({
    name: "b@docker",
    provider: "docker",
    weighted: { services: [{ name: "a" }, { name: "m@file" }] },
  }),
  "GET /api/http/services/m@file": json({
    name: "m@file",
    provider: "file",
    mirroring: { service: "f", mirrors: [{ name: "b@docker" }] },
  }),
  "GET /api/http/services/f@file": json({ name: "f@file", loadBalancer: { servers: [{ url: "http://3" }] } }),
  "GET /api/http/middlewares": json([{ name: "auth@docker" }]),
  "GET /api/http/middlewares/auth@docker": json({ name: "auth@docker", type: "basicauth" }),
  "GET /api/tcp/routers": json([{ name: "db@file", status: "disabled", error: ["no entry point"] }]),
  "GET /api/tcp/services": json([{ name: "db@file" }, { name: "x@file" }]),
  "GET /api/udp/routers": json([]),
};

describe("first contract", () => {
  const R = "/api/http/routers";
  rows(() => server, prelude, routes, {
    [`return c:overview().http.routers.total`]: {
      asked: ["GET /api/overview"],
      headers: { authorization: "Basic dTpw", accept: "application/json", "content-type": undefined },
      gives: 3,
    },
    [`return traefik.version(URL .. "//").Version`]: {
      asked: ["GET /api/version"],
      headers: { authorization: undefined },
      gives: "3.1.0",
    },
    [`return traefik.version({ url = URL .. "/base/", token = "sesame" }).Version`]: {
      routes: { "GET /base/api/version": json({ Version: "2" }) },
      headers: { authorization: "Bearer sesame" },
      gives: "2",
    },
    [`return traefik.version("traefik:8080")`]: { raises: "traefik: invalid url 'traefik:8080'" },
    [`return traefik.version()`]: { raises: "traefik.version: url is required" },
    [`return traefik.version("http://127.0.0.1:1")`]: { raises: "traefik: GET /api/version: connection refused" },
    [`return c:version() -- refused`]: {
      routes: { "GET /api/version": text("no", 401) },
      raises: "traefik: GET /api/version HTTP 401: no",
    },
    [`return c:version() -- failing`]: {
      routes: { "GET /api/version": text("boom", 500) },
      raises: "traefik: GET /api/version HTTP 500: boom",
    },
    [`return c:version() -- login page`]: {
      routes: { "GET /api/version": text("<html>", 200, "text/html") },
      raises: "traefik: GET /api/version: invalid JSON in response (content-type text/html): <html>",
    },
    [`return c:entrypoints()[1].name, c:entrypoint("web").address`]: {
      asked: ["GET /api/entrypoints", "GET /api/entrypoints/web"],
      gives: "web",
      also: [":80"],
    },
    [`return #c:http_routers()`]: { asked: [`GET ${R}`], gives: 3 },
    [`return #c:http_routers() -- three pages`]: {
      routes: {
        [`GET ${R}`]: page([1, 2], "2"),
        [`GET ${R}?page=2&per_page=100`]: page([3], "3"),
        [`GET ${R}?page=3&per_page=100`]: page([4], "1"),
      },
      asked: [`GET ${R}`, `GET ${R}?page=2&per_page=100`, `GET ${R}?page=3&per_page=100`],
      gives: 4,
    },
    [`return #c:http_routers() -- going round`]: {
      routes: { [`GET ${R}`]: page([1], "2") },
      asked: [`GET ${R}`, `GET ${R}?page=2&per_page=100`],
      gives: 2,
    },
    [`return #c:http_routers({ search = "a b", status = "enabled", service_name = "s@x", middleware_name = "m", page = 2, per_page = 5 })`]:
      {
        routes: { [`GET ${R}`]: page([1], "3") },
        asked: [`GET ${R}?search=a%20b&status=enabled&serviceName=s%40x&middlewareName=m&page=2&per_page=5`],
        gives: 1,
      },
    [`return #c:http_routers() -- failing`]: {
      routes: { [`GET ${R}`]: text("no", 403) },
      raises: `traefik: GET ${R} HTTP 403: no`,
    },
    [`return c:http_router("a@docker").service`]: { asked: [`GET ${R}/a@docker`], gives: "a" },
    [`return c:http_router("x@docker")`]: {
      routes: { [`GET ${R}/x@docker`]: notFound },
      raises: `traefik: GET ${R}/x@docker HTTP 404: {"message":"router not found: x@docker"}`,
    },
    [`return c:http_router("a b/ü%@file")`]: {
      asked: [`GET ${R}/a%20b%2F%C3%BC%25@file`],
      raises: `traefik: GET ${R}/a%20b%2F%C3%BC%25@file HTTP 404: 404 page not found\n`,
    },
    [`return c:http_router("")`]: { asked: [], raises: "traefik.http_router: name is required" },
    [`return c:is_router_enabled("a@docker"), c:is_router_enabled("b@docker")`]: { gives: true, also: [false] },
    [`return c:is_router_enabled("x@docker")`]: {
      routes: { [`GET ${R}/x@docker`]: notFound },
      raises: /^traefik: GET .* HTTP 404: /,
    },
    [`return c:router_has_tls("a@docker"), c:router_has_tls("b@docker")`]: { gives: false, also: [true] },
    [`local good, bad = c:healthy_routers() return #good, #bad, bad[1].status, bad[2].status`]: {
      gives: 1,
      also: [2, "warning", "disabled"],
    },
    [`return #c:http_services(), c:http_service("a@docker").name`]: {
      asked: ["GET /api/http/services", "GET /api/http/services/a@docker"],
      gives: 1,
      also: ["a@docker"],
    },
    [`return c:service_server_count("a@docker"), c:service_server_count("b@docker")`]: { gives: 2, also: [0] },
    [`return #c:http_middlewares(), c:http_middleware("auth@docker").type`]: {
      asked: ["GET /api/http/middlewares", "GET /api/http/middlewares/auth@docker"],
      gives: 1,
      also: ["basicauth"],
    },
    [`return #c:tcp_routers(), #c:tcp_services(), c:rawdata().routers`]: {
      asked: ["GET /api/tcp/routers", "GET /api/tcp/services", "GET /api/rawdata"],
      gives: 1,
      also: [2, []],
    },
    [`return #c.entrypoints:list(), c.entrypoints:get("web").name, #c.routers:list(), c.routers:get("a@docker").name, c.routers:is_enabled("a@docker"), c.routers:has_tls("a@docker"), #c.routers:healthy(), #c:entrypoints()`]:
      {
        gives: 1,
        also: ["web", 3, "a@docker", true, false, 1, 1],
      },
    [`return #c.services:list(), c.services:get("a@docker").name, c.services:server_count("a@docker"), #c.middlewares:list(), c.middlewares:get("auth@docker").type, #c.tcp:routers(), #c.tcp:services(), c.info:version().Version, c.info:overview().http.routers.total, c.info:rawdata().routers`]:
      {
        gives: 1,
        also: ["a@docker", 2, 1, "basicauth", 1, 2, "3.1.0", 3, []],
      },
  });
});

describe("beyond", () => {
  const at = "/api/http/routers/x@docker";
  rows(() => server, prelude, routes, {
    [`return c:router_problems()`]: {
      asked: ["GET /api/http/routers", "GET /api/tcp/routers", "GET /api/udp/routers"],
      gives: [
        { name: "b@docker", protocol: "http", status: "warning", error: ["odd"] },
        { name: "c@docker", protocol: "http", status: "disabled" },
        { name: "db@file", protocol: "tcp", status: "disabled", error: ["no entry point"] },
      ],
    },
    [`return #c:find_router("b.example.com"), #c:find_router("b.example.com", "/api"), #c:find_router("b.example.com", "/"), #c:find_router("x.org"), #c:find_router("example.com")`]:
      {
        gives: 1,
        also: [1, 0, 1, 0],
      },
    [`return c:router_exists("a@docker"), c:router_exists("x@docker")`]: {
      routes: { [`GET ${at}`]: notFound },
      asked: ["GET /api/http/routers/a@docker", `GET ${at}`],
      gives: true,
      also: [false],
    },
    [`return c:router_exists("x@docker") -- plain text`]: { asked: [`GET ${at}`, "GET /api/version"], gives: false },
    [`return traefik.router_exists(URL .. "/nowhere", "x@docker")`]: {
      raises: `traefik: GET ${at} HTTP 404: 404 page not found\n`,
    },
    [`return c:router_exists("x@docker") -- refused`]: {
      routes: { [`GET ${at}`]: text("no", 401) },
      raises: `traefik: GET ${at} HTTP 401: no`,
    },
    [`return c:healthy_servers("a@docker"), c:healthy_servers("f@file")`]: { gives: 1, also: [1] },
    [`return c:ping()`]: { routes: { "GET /ping": text("OK") }, asked: ["GET /ping"], gives: true },
    [`return c:ping() -- going down`]: { routes: { "GET /ping": text("no", 503) }, gives: false },
    [`return c:wait_router("x@docker")`]: {
      routes: {
        [`GET ${at}`]: (_, nth) =>
          nth === 1 ? notFound : json(router("x", { status: nth === 2 ? "disabled" : "enabled" })),
      },
      slept: [2, 2],
      gives: true,
    },
    [`return c:wait_router("b@docker", 3)`]: {
      raises: "traefik: timeout waiting for router b@docker to be enabled (last: warning: odd; bad)",
    },
    [`return c:wait_router("x@docker") -- refused`]: {
      routes: { [`GET ${at}`]: text("no", 403) },
      raises: `traefik: GET ${at} HTTP 403: no`,
    },
    [`c:tcp_router("n") c:tcp_service("n") c:udp_router("n") c:udp_service("n") c:tcp_middlewares() return c:udp_services()`]:
      {
        routes: Object.fromEntries(
          ["tcp/routers/n", "tcp/services/n", "udp/routers/n", "udp/services/n", "tcp/middlewares", "udp/services"].map(
            (path) => [`GET /api/${path}`, json([])],
          ),
        ),
        asked: [
          "tcp/routers/n",
          "tcp/services/n",
          "udp/routers/n",
          "udp/services/n",
          "tcp/middlewares",
          "udp/services",
        ].map((path) => `GET /api/${path}`),
        gives: [],
      },
    [`return c:certificates()`]: { asked: ["GET /api/certificates"], gives: undefined },
    [`return #c:certificates() -- recent`]: { routes: { "GET /api/certificates": json([{}]) }, gives: 1 },
    [`local s = c:service_of("b@docker") return s.name, #s.services, s.servers`]: {
      gives: "b@docker",
      also: [
        4,
        [
          { url: "http://1", service: "a@docker", status: "UP" },
          { url: "http://2", service: "a@docker", status: "DOWN" },
          { url: "http://3", service: "f@file" },
        ],
      ],
    },
  });
});
