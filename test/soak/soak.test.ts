/** A few rounds of the soak test: nothing that a round opens stays open. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";

interface RoundSample {
  readonly heap: number;
  readonly descriptors: number;
  readonly threads: number;
}

// It reads /proc.
it.skipIf(process.platform !== "linux")(
  "evaluations in one process leave no descriptor and no thread behind",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "seawall-soak-test-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const samples = join(folder, "samples.jsonl");
    const script = fileURLToPath(new URL("soak.mjs", import.meta.url));
    execFileSync(process.execPath, ["--expose-gc", script, "--rounds", "5", "--samples", samples]);
    const [, second, ...others] = readFileSync(samples, "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as RoundSample);
    expect(others).toHaveLength(3);
    for (const { descriptors, threads, heap } of others) {
      expect({ descriptors, threads }).toEqual({
        descriptors: second!.descriptors,
        threads: second!.threads,
      });
      // A session that stays open, or a run's records, would be more; code that V8 compiles is less.
      expect(heap).toBeLessThan(second!.heap + 8);
    }
  },
);
