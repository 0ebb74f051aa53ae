/**
 * Builds `dist` with its bundle, and `schema`, from the sources, unless they are up to date.
 *
 * A build stores a hash of everything it was made from. Tests that run the built program call `build` first, so they
 * cannot pass on a stale build.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle } from "./bundle.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const compilerPackage = createRequire(import.meta.url).resolve("@typescript/native/package.json");
const program = join(root, "dist/cli/main.js");
const stamp = join(root, "dist/.sources");
const products = [program, join(root, "dist/bundle/main.js"), join(root, "schema/eval.schema.json")];

/** Brings `dist` and `schema` up to date. Returns false if they were already. Throws if the sources do not compile. */
export async function build() {
  const hash = hashOfSources();
  if (products.every(existsSync) && existsSync(stamp) && readFileSync(stamp, "utf8") === hash) return false;
  // Files of an earlier build may have no source any more. The page is built on its own (tools/build-page.mjs).
  const built = existsSync(join(root, "dist")) ? readdirSync(join(root, "dist")) : [];
  for (const name of built.filter((name) => name !== "page" && name !== ".page-sources")) {
    rmSync(join(root, "dist", name), { recursive: true, force: true });
  }
  run(join(dirname(compilerPackage), "bin/tsc"), "-p", "tsconfig.build.json");
  run("tools/write-schema.mjs");
  await bundle(root);
  for (const file of products.slice(0, 2)) chmodSync(file, 0o755);
  writeFileSync(stamp, hash);
  return true;
}

/** SHA-256 of all files that decide what a build contains, in hexadecimal. */
function hashOfSources() {
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => join("src", file))
    .sort();
  const settings = [
    "package.json",
    "tsconfig.json",
    "tsconfig.build.json",
    "tools/build.mjs",
    "tools/bundle.mjs",
    "tools/write-schema.mjs",
  ];
  const hash = createHash("sha256").update(JSON.parse(readFileSync(compilerPackage, "utf8")).version);
  for (const file of [...sources, ...settings]) {
    const content = readFileSync(join(root, file));
    hash.update(`\n${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex");
}

/** Runs a Node script in the root. Throws if it fails; its output goes to the terminal. */
function run(script, ...args) {
  execFileSync(process.execPath, [script, ...args], { cwd: root, stdio: "inherit" });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log((await build()) ? "Built dist." : "dist is up to date.");
  } catch (error) {
    // A failing compiler has printed the reason.
    if (error.status === undefined) throw error;
    process.exitCode = 1;
  }
}
