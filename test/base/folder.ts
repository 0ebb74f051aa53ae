/** A folder for one test. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

/** An empty folder that is deleted when the test ends. */
export function testFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "seawall-base-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
