/** Gates of a stored run, judged again. */
import { expect, it } from "vitest";
import type { GateOutcome, Result, Soundness } from "../../src/journal/index.js";
import { ownGates } from "../../src/report/index.node.js";

const gate = "clean.aAcc>=0.5";
const failed = (check: string) => ({ check, status: "fail" }) as Soundness;

/** A complete run of accuracy 0.9 whose soundness checks failed so. */
function runWith(checks: readonly string[], config: object, gates?: readonly GateOutcome[]) {
  const result = {
    ...{ clean: { aAcc: 0.9 }, robust: [], data: {}, protocol: { members: [], eps: [] } },
    soundness: checks.map(failed),
    ...(gates && { gates }),
  } as unknown as Result;
  return { result, description: { config } } as unknown as Parameters<typeof ownGates>[0];
}

const passed = { gate, value: 0.9, passed: true };

it("pass where no check failed", () => {
  expect(ownGates(runWith([], { gate: [gate] }))).toEqual([passed]);
});

it("keep the checks that they were allowed to fail, and no others", () => {
  const allowed: GateOutcome = { ...passed, despiteChecks: true, failedChecks: ["gradient"] };
  expect(ownGates(runWith(["gradient"], {}, [allowed]))).toEqual([allowed]);
  expect(ownGates(runWith(["gradient", "logits"], {}, [allowed]))).toEqual([
    { ...passed, passed: false, failedChecks: ["logits"] },
  ]);
});

it("keep what the run was started with, where no outcome is stored", () => {
  const started = { gate: [gate], gateAllow: ["gradient"] };
  expect(ownGates(runWith(["gradient"], started))[0]).toMatchObject({ passed: true, despiteChecks: true });
  expect(ownGates(runWith(["logits"], started))[0]).toMatchObject({
    passed: false,
    failedChecks: ["logits"],
  });
  const despite = { gate: [gate], gateDespiteChecks: true };
  expect(ownGates(runWith(["logits"], despite))[0]).toMatchObject({ passed: true, despiteChecks: true });
});

it("may be allowed more when they are judged again", () => {
  const run = runWith(["gradient"], { gate: [gate] });
  expect(ownGates(run)[0]).toMatchObject({ passed: false, failedChecks: ["gradient"] });
  expect(ownGates(run, { allow: ["gradient"] })[0]).toMatchObject({ passed: true, despiteChecks: true });
});
