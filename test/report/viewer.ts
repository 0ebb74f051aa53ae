/** A viewer for tests, and requests to it. */
import { type IncomingHttpHeaders, request } from "node:http";
import { onTestFinished } from "vitest";
import { serveRuns } from "../../src/report/index.node.js";

export async function serve(...folders: string[]) {
  const server = await serveRuns(folders, 0);
  onTestFinished(server.close);
  return { ...server, port: Number(new URL(server.url).port) };
}

interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request whose path is sent unchanged; `fetch` would normalise it. */
export function get(
  port: number,
  path: string,
  { method = "GET", at = "127.0.0.1", called = `127.0.0.1:${port}`, ...headers }: Record<string, string> = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { host: at, port, path, method, headers: { host: called, ...headers }, agent: false },
      (response) => {
        let body = "";
        response.on("data", (chunk) => {
          body += chunk;
        });
        response.on("end", () => resolve({ status: response.statusCode!, headers: response.headers, body }));
      },
    );
    sent.on("error", reject);
    sent.end();
  });
}

/** The path of the first run in the list. */
export async function firstRun(port: number): Promise<string> {
  return /href="(\/runs\/[0-9a-f]{16}\/)"/.exec((await get(port, "/")).body)![1]!;
}
