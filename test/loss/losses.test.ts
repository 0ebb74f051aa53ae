/** Losses against values and gradients that share no code with them (PyTorch autograd in float64). */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { float32, int64, type Tensor } from "../../src/base/index.js";
import { lower } from "../../src/compile/index.js";
import { type AppendOptions, appendLoss, type Loss, type LossName, losses } from "../../src/loss/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";

interface Row {
  name: LossName;
  balance: number;
  temperature: number;
  objective: number[];
  trackedOwn: number[];
  trackedPublished: number[];
  score: number[];
  gradient: number[];
}

const golden = JSON.parse(readFileSync(new URL("../golden/losses.json", import.meta.url), "utf8")) as {
  dims: [number, number, number, number];
  logits: number[];
  labels: number[];
  classWeights: number[];
  gain: number[];
  price: number[];
  correct: number[];
  losses: Row[];
};
const [n, k, h, w] = golden.dims;
const pixels = h * w;

/** Runs the losses, image i with `picks[i]`. */
async function run(
  names: LossName[],
  picks: LossName[],
  balance: number,
  tracking: AppendOptions["tracking"],
  { classes, temperature = 1 }: { classes?: number; temperature?: number } = {},
) {
  const graph = emptyGraph("losses", 18);
  const build = new GraphBuilder(graph);
  const logits = build.input("logits", "float32", [n, k, pixels]);
  const labels = build.input("labels", "int64", [n, pixels]);
  const choice = build.input("choice", "float32", [n, names.length]);
  const weights = build.constant(float32([k], golden.classWeights));
  const balances = build.input("balance", "float32", [n, 1, 1]);
  const sharpness = build.input("sharpness", "float32", [n, 1, 1]);
  const [gain, price] = [golden.gain, golden.price].map((values) =>
    build.constant(float32([n, k, 1], [...values, ...values])),
  );
  const inputs = {
    ...{ logits, labels, classWeights: weights, balance: balances, sharpness },
    set: { gain: gain!, price: price! },
  };
  const appended = appendLoss(
    build,
    names.map((name) => losses[name]),
    inputs,
    {
      ...{ pixels, choice },
      ...(tracking && { tracking }),
      ...(classes !== undefined && { classes }),
    },
  );
  for (const [name, value] of Object.entries(appended)) build.output(value, name);
  const session = await openSession(lower(build, new Map(), "cpu"), { threads: 1 });
  const feeds: Record<string, Tensor> = {
    logits: float32([n, k, pixels], golden.logits),
    labels: int64([n, pixels], golden.labels),
    choice: float32(
      [n, names.length],
      picks.flatMap((pick) => names.map((name) => (name === pick ? 1 : 0))),
    ),
    balance: float32([n, 1, 1], new Array<number>(n).fill(balance)),
    sharpness: float32([n, 1, 1], new Array<number>(n).fill(1 / temperature)),
  };
  const results = await session.run(feeds);
  await session.dispose();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => [name, Array.from(data as Float32Array)]),
  ) as Record<keyof typeof appended, number[]>;
}

function expectClose(actual: number[], expected: number[]) {
  const scale = Math.max(...expected.map(Math.abs), 1e-3);
  const error = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  expect(actual.length).toBe(expected.length);
  expect(error / scale).toBeLessThan(2e-6);
}

const half = (row: number[], image: number) =>
  row.slice((image * row.length) / n, ((image + 1) * row.length) / n);

it("has golden values for every loss whose gradient is written by hand", () => {
  const byHand = Object.values<Loss>(losses).filter(({ family }) => family.name !== "differentiated");
  expect(new Set(golden.losses.map((row) => row.name))).toEqual(new Set(byHand.map(({ name }) => name)));
});

it.each(Object.entries<Loss>(losses))("%s is called as the table calls it", (name, loss) => {
  expect(loss.name).toBe(name);
});

const title = ({ name, balance, temperature }: Row) =>
  `${name} at balance ${balance} and temperature ${temperature}`;

describe.each(golden.losses.map((row) => [title(row), row] as const))("%s", (_, row) => {
  const { balance, temperature } = row;
  const picks = new Array<LossName>(n).fill(row.name);

  it("has the value, the gradient and the counts of the reference, also where logits saturate or tie", async () => {
    const result = await run([row.name], picks, balance, "own", { temperature });
    expectClose(result.objective, row.objective);
    expectClose(result.tracked, row.trackedOwn);
    expectClose(result.gradient, row.gradient);
    expectClose(result.score, row.score);
    expect(result.correct).toEqual(golden.correct);
    expect([...result.gradient, ...result.objective, ...result.tracked].every(Number.isFinite)).toBe(true);
  });

  it("is tracked by the published loss when asked", async () => {
    const result = await run([row.name], picks, balance, "published", { temperature });
    expectClose(result.tracked, row.trackedPublished);
    expect(result.score).toEqual(golden.correct);
  });
});

it("picks a loss for each image: no loss of the session leaks into another", async () => {
  const family: LossName[] = ["ce", "mask-ce", "balanced-ce", "js", "class-balanced-ce"];
  const find = (name: LossName) =>
    golden.losses.find((row) => row.name === name && row.balance === 0.25) ??
    golden.losses.find((row) => row.name === name)!;
  const mixed = await run(family, ["js", "mask-ce"], 0.25, "own");
  expectClose(half(mixed.gradient, 0), half(find("js").gradient, 0));
  expectClose(half(mixed.gradient, 1), half(find("mask-ce").gradient, 1));
  const alone = await run(["js"], ["js", "js"], 0.25, "own");
  expect(half(mixed.gradient, 0)).toEqual(half(alone.gradient, 0));
  expect(mixed.objective[0]).toBe(alone.objective[0]);
});

it.each(["ce", "js", "spherical"] as const)("%s is the same to the bit where K is known", async (name) => {
  const picks = new Array<LossName>(n).fill(name);
  expect(await run([name], picks, 0, "own", { classes: k })).toEqual(await run([name], picks, 0, "own"));
});

it("scores right pixels by class weight where the loss aims at classes", async () => {
  const result = await run(["class-balanced-ce"], ["class-balanced-ce", "class-balanced-ce"], 0, "own");
  expect(result.score).not.toEqual(result.correct);
  expect(result.score[0]).toBeLessThan(result.correct[0]!);
});
