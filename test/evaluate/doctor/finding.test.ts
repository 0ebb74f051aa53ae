/** How findings are collected. */
import { expect, it } from "vitest";
import { SeawallError } from "../../../src/base/index.js";
import { Findings } from "../../../src/evaluate/doctor/finding.js";

it("keeps findings in the order in which they were added, all of one topic", async () => {
  const findings = new Findings("model");
  findings.add("pass", "first", "a");
  expect(await findings.attempt("second", async () => 7)).toBe(7);
  const failing = await findings.attempt("third", async () => {
    findings.add("warn", "inner", "b");
    throw new SeawallError("model", "c");
  });
  expect(failing).toBeUndefined();
  expect(findings.list).toEqual([
    { topic: "model", name: "first", status: "pass", detail: "a" },
    { topic: "model", name: "inner", status: "warn", detail: "b" },
    { topic: "model", name: "third", status: "fail", detail: "c" },
  ]);
});

it("does not hide a mistake of the program", async () => {
  const findings = new Findings("run");
  const broken = findings.attempt("x", async () => {
    throw new TypeError("not a function");
  });
  await expect(broken).rejects.toThrow(TypeError);
  expect(findings.list).toEqual([]);
});
