/**
 * Builds the page that attacks in the browser, into `dist/page`, unless it is up to date. It is no part of `npm run build`:
 * the command line does not need it, and the engine's files are large.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const stamp = join(root, "dist/.page-sources");

/** Brings `dist/page` up to date. Returns false if it was already. Throws if the sources cannot be bundled. */
export async function buildPage() {
  const hash = hashOfSources();
  const isThere = existsSync(join(root, "dist/page/index.html")) && existsSync(stamp);
  if (isThere && readFileSync(stamp, "utf8") === hash) return false;
  await build({ configFile: join(root, "web/vite.config.mjs"), logLevel: "warn" });
  listFiles(join(root, "dist/page"), "offline.js");
  writeFileSync(stamp, hash);
  return true;
}

/** Begins the service worker with the addresses of all other files, which it keeps, and a hash of their content. */
function listFiles(dir, worker) {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== worker)
    .map(({ parentPath, name }) => relative(dir, join(parentPath, name)).replaceAll("\\", "/"))
    .sort();
  const hash = createHash("sha256");
  for (const file of files) hash.update(`${file}\n`).update(readFileSync(join(dir, file)));
  const built = JSON.stringify({ files, hash: hash.digest("hex").slice(0, 16) });
  const script = readFileSync(join(dir, worker), "utf8");
  writeFileSync(join(dir, worker), `const built = ${built};\n${script}`);
}

/** SHA-256 of all files that decide what the page contains, in hexadecimal. */
function hashOfSources() {
  const files = ["src", "web", "page", "demo"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8", withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const hash = createHash("sha256");
  for (const file of [...files.sort(), join(root, "package-lock.json"), fileURLToPath(import.meta.url)]) {
    const content = readFileSync(file);
    hash.update(`\n${file.slice(root.length)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log((await buildPage()) ? "Built dist/page." : "dist/page is up to date.");
}
