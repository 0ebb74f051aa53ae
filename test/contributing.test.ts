/** CONTRIBUTING.md sends contributors to files that exist; the citation and the package agree. */
import { existsSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

const root = new URL("../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, root), "utf8");

it("names files and folders that exist", () => {
  const paths = [
    ...read("CONTRIBUTING.md").matchAll(/[`( ]((?:src|test|tools|docs)\/[\w./<>-]+?)\.?[`), ]/g),
  ];
  const named = paths.map(([, path]) => path!.replace(/[\w-]*<.*/, ""));
  expect(named.length).toBeGreaterThan(30);
  const written = ["docs/api"];
  expect(named.filter((path) => !written.includes(path) && !existsSync(new URL(path, root)))).toEqual([]);
});

it("names tests that exist", () => {
  const tests = [...read("CONTRIBUTING.md").matchAll(/vitest run (test\/[\w./-]+)/g)].map(
    ([, file]) => file!,
  );
  expect(tests.length).toBeGreaterThan(1);
  expect(tests.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
});

it("says the same version in package, citation and changelog", () => {
  const { version } = JSON.parse(read("package.json")) as { version: string };
  expect(read("CITATION.cff")).toContain(`\nversion: ${version}\n`);
  expect(read("CHANGELOG.md")).toContain(`\n## [${version}] - `);
});
