/** A small HTTP server whose answers tests decide. */

export type Handler = (request: Request, url: URL) => Response | Promise<Response>;

export interface Fixture {
  /** `http://127.0.0.1:PORT`, without a slash at the end. */
  readonly url: string;
  /** How often a path was asked for. */
  count(path: string): number;
  stop(): Promise<void>;
}

/** Serves handlers by path; anything else is 404. */
export function serve(routes: Readonly<Record<string, Handler>>): Fixture {
  const counts = new Map<string, number>();
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    idleTimeout: 60,
    fetch(request) {
      const url = new URL(request.url);
      counts.set(url.pathname, (counts.get(url.pathname) ?? 0) + 1);
      const handler = routes[url.pathname];
      return handler === undefined ? new Response("not found", { status: 404 }) : handler(request, url);
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    count: (path) => counts.get(path) ?? 0,
    stop: async () => {
      await server.stop(true);
    },
  };
}
