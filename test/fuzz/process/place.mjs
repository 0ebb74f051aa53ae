/** The folders in which cases run, and those that they may read. */
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/** Folders for a case, for the program's cache, and for a file that no case may reach. */
export function makePlace() {
  const top = realpathSync(mkdtempSync(join(tmpdir(), "seawall-fuzz-")));
  const [folder, cache, outside] = ["case", "cache", "outside"].map((name) => join(top, name));
  for (const path of [cache, outside]) mkdirSync(path);
  writeFileSync(join(outside, "secret.bin"), Buffer.alloc(4096, 1));
  const packages = [resolve(root), realpathSync(join(root, "node_modules"))];
  return {
    top,
    folder,
    cache,
    readable: [folder, cache, ...packages, "/proc", "/sys"],
    writable: [folder, cache],
  };
}
