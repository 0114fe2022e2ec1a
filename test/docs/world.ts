/** What the services that the pages speak of answer. */
import { type Answer, json, type Routes, text } from "../stdlib/fixture.ts";

const vector = (value: string): Answer =>
  json({ status: "success", data: { resultType: "vector", result: [{ metric: { job: "shop" }, value: [1, value] }] } });

export function answers(): Routes {
  return {
    "GET /health": json({ status: "healthy", database: "ok", version: "1.4.2" }),
    "GET /api/health": json({ database: "ok", version: "11.2.0" }),
    "POST /v1/users": ({ json: user }) => json({ id: 3, ...(user as object) }, 201),
    "GET /v1/users": json([
      { id: 1, name: "Ada" },
      { id: 2, name: "Grace" },
    ]),
    "GET /v1/flaky": (_call, nth) => (nth < 3 ? text("later", 503) : text("here")),
    "GET /v1/import": (_call, nth) => json({ state: nth < 3 ? "running" : "done", rows: 120 }),
    "POST /api/v1/query": vector("3"),
    "POST /v1/login": json({ token: "t-1" }),
    "GET /v1/me": ({ headers }) => (headers.authorization === "Bearer t-1" ? json({ name: "ada" }) : text("", 401)),
    "POST /v1/orders": json({ id: 12 }, 201),
    "GET /v1/orders/12": json({ state: "new" }),
    "DELETE /v1/orders/12": { status: 204 },
    "GET /home": text("home"),
    "GET /cart": text("cart"),
  };
}
