/** A part of `npm run fuzz`, the same at every run: no mutated file is more than refused by its name. */
import { expect, it } from "vitest";
import { fuzz } from "./fuzz.mjs";

it.each([
  ["onnx", 200],
  ["weights", 150],
  ["images", 150],
  ["journals", 50],
  ["configurations", 120],
])("%s: %i mutated files are accepted, or refused by name", async (format, files) => {
  const tally = await fuzz(format, { seed: "tests", isEnough: (count) => count >= files });
  expect(tally.findings).toEqual([]);
  expect(tally.accepted + tally.refused).toBe(files);
  // Damage that is refused before it is understood would test little.
  expect(tally.accepted).toBeGreaterThan(files / 50);
  expect(tally.refused).toBeGreaterThan(files / 10);
});
