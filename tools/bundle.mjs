/**
 * Bundles the compiled modules of `dist` into `dist/bundle`, which is what the package runs: a thousand small modules take
 * longer to load than a short attack, in every worker again.
 *
 * Packages of pure JavaScript are bundled too, with their licences in `THIRD-PARTY.txt`. Those with native parts stay
 * dependencies, and so does what is loaded only on request.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { rolldown } from "rolldown";

/** The modules that something starts from, flat in one folder, so that each finds the others beside itself. */
const entries = [
  ...["cli/main", "cli/process/training-thread", "index", "internals"],
  ...["evaluate/workers/worker.node", "evaluate/doctor/probe.node", "evaluate/untrusted/trial-process.node"],
  "evaluate/untrusted/memory-watch.node",
  ...["runtime/thread-worker.node", "runtime/load-libraries.node", "data/batches/crop-worker.node"],
];

/** Bundled although a dependency: the package's types name its types. */
const typed = ["zod"];

/** @param root the project's folder, which holds `dist` and package.json */
export async function bundle(root) {
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(
    readFileSync(join(root, "package.json"), "utf8"),
  );
  const kept = Object.keys({ ...dependencies, ...optionalDependencies }).filter(
    (name) => !typed.includes(name),
  );
  const files = entries.map((entry) => join(root, "dist", `${entry}.js`)).filter(existsSync);
  const build = await rolldown({
    input: Object.fromEntries(files.map((file) => [file.split("/").at(-1).slice(0, -3), file])),
    cwd: root,
    platform: "node",
    external: (id) => kept.some((name) => id === name || id.startsWith(`${name}/`)),
    resolve: { alias: { "#engine": join(root, "dist/runtime/ort.node.js") } },
    onwarn: (warning) => {
      throw new Error(warning.message);
    },
  });
  const { output } = await build.write({
    dir: join(root, "dist/bundle"),
    chunkFileNames: "[name]-[hash].js",
  });
  writeFileSync(
    join(root, "dist/bundle/THIRD-PARTY.txt"),
    licencesOf(output.flatMap(({ moduleIds = [] }) => moduleIds)),
  );
}

/** The licences of the packages that modules come from. */
function licencesOf(modules) {
  const folders = new Set(
    modules.flatMap((file) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []),
  );
  return [...folders].sort().map(licenceOf).join("\n");
}

function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : `Licence: ${license}`;
  return `${name} ${version}\n${"=".repeat(60)}\n${text}\n`;
}
