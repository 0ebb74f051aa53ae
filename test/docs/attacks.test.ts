/** docs/attacks.md: schedules, step sizes and passes, printed from the attacks themselves. */
import { expect, it } from "vitest";
import {
  type AttackMember,
  ensembles,
  parseMembers,
  pgdStepSize,
  planStages,
  type RadiusSchedule,
  StepSizeSchedule,
  stagesFor,
} from "../../src/attack/index.js";
import { randomStream } from "../../src/base/index.js";
import { passesOf as passesOfRecord } from "../../src/evaluate/index.js";
import { losses } from "../../src/loss/index.js";
import type { ImageOracle } from "../../src/oracle/index.js";
import { code, expectPrinted, markdownTable } from "./printed.js";

/** The steps after which a run of n steps looks back, which shows by halving while the loss never rises. */
function checksOf(steps: number): number[] {
  const schedule = new StepSizeSchedule(steps, 2, 0);
  return Array.from({ length: steps - 1 }, (_, i) => i + 1).filter(() => schedule.observe(-1));
}

const stages = stagesFor(losses.ce, "reduce");

it("prints where APGD looks back", () => {
  const lengths = [
    300,
    ...new Set(planStages(stages, { radius: 1, steps: 300 }).map(({ steps }) => steps)),
    100,
    50,
    20,
  ];
  const rows = lengths.map((steps) => [String(steps), checksOf(steps).join(" ")]);
  expectPrinted("attacks.md", "checks", markdownTable(["steps of a slot", "looks back after step"], rows));
});

it("prints the slots of a reduced radius", () => {
  const rows = [300, 100, 40, 10, 3].map((steps) => [
    String(steps),
    planStages(stages, { radius: 1, steps })
      .map((slot) => `${slot.steps} at ${slot.radius === 1 ? "" : slot.radius}ε`)
      .join(", "),
  ]);
  expectPrinted("attacks.md", "slots", markdownTable(["`--steps`", "slots"], rows));
});

it("prints PGD's step sizes", () => {
  const greys = [0.25, 0.5, 1, 2, 4, 6, 8, 12, 16];
  const sizes = greys.map((grey) => [`${grey}/255`, String(Number(pgdStepSize(grey / 255).toPrecision(4)))]);
  expectPrinted("attacks.md", "step sizes", markdownTable(["ε", "step size"], sizes));
});

/** Answers that keep every attack going to its end, and counts the questions. */
class Counter implements ImageOracle {
  readonly image = new Float32Array(3).fill(0.5);
  readonly labels = [0];
  readonly channels = 3;
  readonly height = 1;
  readonly width = 1;
  readonly cost = { forward: 0, backward: 0, seconds: 0 };

  async evaluate() {
    this.cost.forward++;
    this.cost.backward++;
    return { objective: 0, tracked: 0, correct: 1, score: 1, gradient: this.image };
  }

  async predict() {
    this.cost.forward++;
    return { classes: [0], correct: 1, undecided: 0, score: 1, values: new Float32Array([-1]) };
  }

  async step() {
    return this.image;
  }
}

const asked = 300;
const settings = { radius: 4 / 255, norm: "linf", accounting: "strict" } as const;
const earlier = { best: new Float32Array(3) };

async function passesOf(members: readonly AttackMember[]): Promise<[number, number]> {
  const oracle = new Counter();
  for (const { attack, steps } of members) {
    await attack.run(oracle, { ...settings, steps }, randomStream(0), earlier);
    for (let i = 0; i < passesOfRecord({ attack, steps: 0 }) - attack.passes(0); i++) await oracle.predict();
  }
  return [oracle.cost.forward, oracle.cost.backward];
}

it("prints the passes of an image", async () => {
  const members = (list: string, radiusSchedule: RadiusSchedule = "reduce") =>
    parseMembers(list, { steps: asked, radiusSchedule });
  const cases: [string, AttackMember[]][] = [
    ["`apgd:LOSS`, radius reduced", members("apgd:ce")],
    ["`apgd:LOSS`, constant radius", members("apgd:ce", "constant")],
    ["`pgd:LOSS`, `segpgd`, `cospgd`", members("pgd:ce")],
    ["`padam:LOSS`, `padam-ce`, `padam-cos`", members("padam-ce")],
    ["`alma-prox`, `pdpgd`", members("pdpgd")],
    ["`dag`", members("dag")],
    ["`square`", members("square")],
    ["`region-search`", members("region-search")],
    ["`transfer-search`", members("transfer:apgd:ce,transfer-search").slice(1)],
    ["`noise`", members("noise")],
    ...Object.keys(ensembles).map((name): [string, AttackMember[]] => [code(name), members(name)]),
  ];
  const rows = await Promise.all(
    cases.map(async ([name, attacks]) => [name, ...(await passesOf(attacks)).map(String)]),
  );
  expectPrinted("attacks.md", "passes", markdownTable(["attack", "forward", "backward"], rows));
  for (const [, own] of cases) {
    const [forward] = await passesOf(own);
    expect(own.reduce((sum, member) => sum + passesOfRecord(member), 0)).toBe(forward);
  }
});
