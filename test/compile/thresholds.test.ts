/** The table of thresholds is complete: each has a sentence and a bench line, and no other file hides a number. */
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cpuThresholds, type Threshold } from "../../src/compile/index.js";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");
const files = (folder: string) => {
  const place = new URL(`../../${folder}/`, import.meta.url);
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => `${folder}/${file}`);
};
const rows = Object.entries<Threshold>(cpuThresholds);

it.each(rows)("%s has a value, a sentence and a bench line", (name, { value, meaning, bench }) => {
  expect(value).toBeGreaterThan(0);
  expect(meaning).toMatch(/^[A-Z].{30,}\.$/);
  expect(bench).toMatch(/^npm run bench -- /);
  if (!bench.includes(" lowering ")) return;
  expect(bench).toBe(`npm run bench -- lowering ${name}`);
  expect(read("bench/lowering.mjs")).toMatch(new RegExp(`^  ${name}: \\[`, "m"));
});

it("every threshold is read somewhere", () => {
  const source = files("src").map(read).join("\n");
  const unread = rows.map(([name]) => name).filter((name) => !source.includes(`cpuThresholds.${name}.value`));
  expect(unread).toEqual([]);
});

it("lowering holds no other number above 2 than the slope of a step", () => {
  const lowering = files("src/compile/lower").filter((file) => !file.endsWith("thresholds.ts"));
  const constants = lowering.flatMap((file) => [...read(file).matchAll(/^const (\w+) = [\d.e]+;$/gm)]);
  expect(constants.map(([, name]) => name)).toEqual(["steep"]);
});

it("gradient rules and losses say nothing of speed", () => {
  const talk = /\b(fast|faster|fastest|slow|slower|quick|milliseconds|single-threaded|seconds)\b/i;
  const telling = [...files("src/autodiff"), ...files("src/loss")].filter((file) => talk.test(read(file)));
  expect(telling).toEqual([]);
});
