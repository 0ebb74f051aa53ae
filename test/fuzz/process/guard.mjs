/**
 * Loaded before the program under test, also in its worker threads: opening a file outside the folders in the variable
 * SEAWALL_FUZZ_READ, writing one outside of SEAWALL_FUZZ_WRITE, and starting a process are errors that say so.
 */
import childProcess from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";

const readable = JSON.parse(process.env.SEAWALL_FUZZ_READ);
const writable = JSON.parse(process.env.SEAWALL_FUZZ_WRITE);

function isWithin(folders, path) {
  return folders.some((folder) => path === folder || path.startsWith(folder + sep));
}

/** The file that the path leads to through links, or the path if there is none. */
function real(path) {
  try {
    return realpath(path);
  } catch {
    return path;
  }
}
const realpath = fs.realpathSync.native;

function check(target, writes) {
  if (typeof target === "number" || typeof target?.fd === "number") return;
  const path = real(resolve(target instanceof URL ? fileURLToPath(target) : String(target)));
  if (isWithin(writes ? writable : readable, path)) return;
  throw new Error(`guard: ${writes ? "writes" : "opens"} ${path}`);
}

const isWriting = (flags) => (typeof flags === "number" ? (flags & 3) !== 0 : /[wa+]/.test(flags ?? "r"));

const reading = "readFile readdir createReadStream";
const writing = "writeFile appendFile mkdir rm rmdir unlink truncate createWriteStream symlink";
const each = (names, writes) => names.split(" ").map((name) => [name, writes]);

/** Whether a call writes, from its arguments; by the function's name. */
const guarded = [
  ...each("open", (_, flags) => typeof flags !== "function" && isWriting(flags)),
  ...each(reading, () => false),
  ...each(writing, () => true),
];

for (const module of [fs, fs.promises]) {
  for (const [name, writes] of guarded) {
    for (const own of [name, `${name}Sync`]) {
      const original = module[own];
      if (!original) continue;
      module[own] = function (target, ...others) {
        check(target, writes(target, ...others));
        return original.call(this, target, ...others);
      };
    }
  }
}
for (const name of ["exec", "execFile", "execFileSync", "execSync", "fork", "spawn", "spawnSync"])
  childProcess[name] = (command) => {
    throw new Error(`guard: starts ${command}`);
  };
syncBuiltinESMExports();
