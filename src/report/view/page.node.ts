/** The server of `seawall page`: the built page, isolated from other origins, so that its engine can use threads. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { extname, join, relative, sep } from "node:path";
import { invariant, SeawallError } from "../../base/index.js";
import { packageFile } from "../../base/index.node.js";
import { type Answer, type LocalServer, problem, serveLocally } from "./loopback.node.js";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".png": "image/png",
};

/**
 * Serves the page.
 * @param port 0 for any free port
 * @throws SeawallError `usage` if the page was not built, or for a port that cannot be used
 */
export async function servePage(port: number): Promise<LocalServer> {
  const folder = packageFile("dist/page");
  if (!existsSync(join(folder, "index.html"))) {
    throw new SeawallError("usage", "the page is not built; in a clone, npm run build:page builds it");
  }
  const files = filesIn(folder);
  const policy = `${policyOf(readFileSync(join(folder, "index.html"), "utf8"))}; frame-ancestors 'none'`;
  return serveLocally(port, (path) => {
    const file = files.get(path);
    if (file === undefined) return problem(404, "This page does not exist.");
    const { size, mtimeMs } = statSync(file);
    const type = types[extname(file)] ?? "application/octet-stream";
    const tag = `${size}-${mtimeMs}`;
    return { status: 200, type, body: readFileSync(file), policy, tag, isolated: true } satisfies Answer;
  });
}

/** The policy that the page states itself. Its workers follow the one that their own response states. */
function policyOf(html: string): string {
  const policy = /"Content-Security-Policy"\s+content="([^"]+)"/.exec(html)?.[1];
  invariant(policy, "the page states no content security policy");
  return policy;
}

/** Files by their address. Addresses are looked up here, and never turned into file-system paths. */
function filesIn(folder: string): ReadonlyMap<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const addresses = files.map((file) => [`/${relative(folder, file).replaceAll(sep, "/")}`, file] as const);
  return new Map([...addresses, ["/", join(folder, "index.html")]]);
}
