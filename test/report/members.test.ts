/** The report never says that all attacks took the same number of steps where they did not. */
import { expect, it } from "vitest";
import { haveEqualSteps, stepsOfAttacks } from "../../src/report/members.js";
import { membersOf } from "../journal/runs.js";

const [first, second] = membersOf("apgd:ce", "apgd:js");

it("says one number of steps for all attacks, and a range where they differ", () => {
  const equal = { members: [first!, second!] };
  expect(haveEqualSteps(equal)).toBe(true);
  expect(stepsOfAttacks(equal)).toBe("300 steps");
  const unequal = { members: [first!, { ...second!, steps: 100 }] };
  expect(haveEqualSteps(unequal)).toBe(false);
  expect(stepsOfAttacks(unequal)).toBe("100 to 300 steps");
  expect(stepsOfAttacks({ members: [{ ...first!, steps: 1 }] })).toBe("1 step");
});
