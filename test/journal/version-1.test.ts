/** Runs of schemaVersion 1 stay readable, as runs of version 2. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { resultDifferences } from "../../src/journal/index.js";
import { readResult, readRun } from "../../src/journal/index.node.js";

const stored = fileURLToPath(new URL("../golden/run-0.1", import.meta.url));
const onDisk = (name: string) => JSON.parse(readFileSync(join(stored, name), "utf8"));

/** A copy of the stored run with another run.json. */
function withDescription(change: (run: Record<string, unknown>) => object): string {
  const dir = mkdtempSync(join(tmpdir(), "seawall-version-1-"));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  cpSync(stored, dir, { recursive: true });
  writeFileSync(join(dir, "run.json"), JSON.stringify(change(onDisk("run.json"))));
  return dir;
}

it("gives every attack the steps that version 1 gave to all", () => {
  const { schemaVersion, protocol } = onDisk("run.json");
  expect(schemaVersion).toBe(1);
  const { description, records } = readRun(stored);
  expect(description.schemaVersion).toBe(2);
  expect(description.protocol.members).toEqual(
    protocol.members.map((name: string) => ({ name, steps: protocol.steps, radiusSchedule: "reduce" })),
  );
  expect(resultDifferences(readResult(stored), description, records)).toEqual([]);
});

it("knows which attacks of version 1 kept their radius and their own number of steps", () => {
  const dir = withDescription((run) => ({
    ...run,
    protocol: { ...(run.protocol as object), members: ["apgd:ce", "square", "noise"] },
  }));
  rmSync(join(dir, "journal.jsonl"));
  writeFileSync(join(dir, "journal.jsonl"), "");
  const { steps } = onDisk("run.json").protocol;
  expect(readRun(dir).description.protocol.members).toEqual([
    { name: "apgd:ce", steps, radiusSchedule: "reduce" },
    { name: "square", steps, radiusSchedule: "constant" },
    { name: "noise", steps: 10, radiusSchedule: "constant" },
  ]);
});

it.each([3, "1", undefined])("refuses schemaVersion %s", (schemaVersion) => {
  const dir = withDescription((run) => ({ ...run, schemaVersion }));
  expect(() => readRun(dir)).toThrow(/another version of Seawall; expected schemaVersion 2, or 1/);
});

it("refuses a changed configuration of version 1, too", () => {
  const dir = withDescription((run) => ({ ...run, config: { ...(run.config as object), bgr: true } }));
  expect(() => readRun(dir)).toThrow(/does not fit the configuration/);
});
