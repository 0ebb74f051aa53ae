/** docs/losses.md: printed from the tables of losses and ensembles, and its terms compared with the graphs. */
import { expect, it } from "vitest";
import { type EnsembleMember, ensembles } from "../../src/attack/index.js";
import { float32, int64, randomStream } from "../../src/base/index.js";
import { lower } from "../../src/compile/index.js";
import { appendLoss, type Loss, type LossName, losses } from "../../src/loss/index.js";
import { emptyGraph, GraphBuilder } from "../../src/onnx/index.js";
import { openSession } from "../../src/runtime/index.js";
import {
  expectedValue,
  type LossTerms,
  lossTerms,
  norm,
  type Pixel,
  softmax,
  type Term,
} from "./loss-terms.js";
import { code, expectPrinted, markdownTable } from "./printed.js";

const rows = Object.entries(losses) as [LossName, Loss][];
/** Losses whose gradient is written by hand; that of the others is derived and needs no terms. */
const byHand = rows.filter(([, { family }]) => family.name !== "differentiated");
const termsOf = (name: string): LossTerms | undefined => (lossTerms as Record<string, LossTerms>)[name];

it("prints what each loss is", () => {
  const cells = rows.map(([name, { formula, source }]) => [
    code(name),
    formula,
    termsOf(name)?.weight.text ?? "derived",
    source,
  ]);
  expectPrinted("losses.md", "losses", markdownTable(["loss", "of a pixel", "weight w", "source"], cells));
});

/** Tracked losses of derived losses that are not the loss itself. */
const trackedText: Readonly<Record<string, string>> = { "mask-margin": "−m" };
const derived = { tracked: { text: "itself" }, published: { text: "−log p_y" }, score: { text: "1c" } };

it("prints what each loss tracks and keeps", () => {
  const cells = rows.map(([name]) => {
    const { tracked, published, score } = termsOf(name) ?? derived;
    return [code(name), trackedText[name] ?? tracked.text, published.text, score.text, "1c"];
  });
  const head = ["loss", "tracked, strict", "tracked, authors", "score, strict", "score, authors"];
  expectPrinted("losses.md", "tracking", markdownTable(head, cells));
});

const stepsText = (steps: NonNullable<EnsembleMember["steps"]>) =>
  "share" in steps ? `${steps.share === 1 / 3 ? "⅓" : steps.share} of the steps` : `${steps.exactly} steps`;

it("prints the ensembles", () => {
  const cells = Object.entries(ensembles).map(([name, { members, source }]) => [
    code(name),
    members.map(({ attack, steps }) => `${code(attack)}${steps ? ` at ${stepsText(steps)}` : ""}`).join(", "),
    source,
  ]);
  expectPrinted(
    "losses.md",
    "ensembles",
    markdownTable(["ensemble", "members, in this order", "source"], cells),
  );
});

const classes = 4;
const pixels = 12;
const balance = 0.2;
const stream = randomStream("docs/losses.md");
const logits = stream.uniform(classes * pixels, -2, 2);
const classWeights = [0.1, 0.2, 0.3, 0.4];
const gain = [0.5, 0, 2, 0.75];
const price = [1.5, 0.25, 1, 0];
const labels = Array.from({ length: pixels }, (_, i) => (i === 0 ? -1 : i % classes));
/** The pixels that count, by position. */
const counted = labels.flatMap((label, at): { at: number; pixel: Pixel }[] => {
  const own = Array.from({ length: classes }, (_, s) => logits[s * pixels + at]!);
  const values = gain.map((value, s) => (s === label ? -price[s]! : value));
  const pixel = { logits: own, label, classWeight: classWeights[label]!, balance, values };
  return label < 0 ? [] : [{ at, pixel }];
});

async function graphSays(name: LossName, tracking: "own" | "published") {
  const graph = emptyGraph("loss", 18);
  const build = new GraphBuilder(graph);
  const inputs = {
    logits: build.input("logits", "float32", [1, classes, pixels]),
    labels: build.constant(int64([1, pixels], labels)),
    classWeights: build.constant(float32([classes], classWeights)),
    balance: build.constant(float32([1, 1, 1], [balance])),
    set: {
      gain: build.constant(float32([1, classes, 1], gain)),
      price: build.constant(float32([1, classes, 1], price)),
    },
  };
  const appended = appendLoss(build, [losses[name]], inputs, { pixels, tracking });
  for (const output of ["tracked", "score", "gradient"] as const) build.output(appended[output], output);
  const session = await openSession(lower(build, new Map(), "cpu"), { threads: 1 });
  const results = await session.run({ logits: float32([1, classes, pixels], logits) });
  await session.dispose();
  const numbers = (output: string) => Array.from(results[output]!.data as Float32Array);
  return { tracked: numbers("tracked")[0]!, score: numbers("score")[0]!, gradient: numbers("gradient") };
}

const sum = ({ of }: Term) => counted.reduce((total, { pixel }) => total + of(pixel), 0);

it("has terms for every loss whose gradient is written by hand", () => {
  expect(Object.keys(lossTerms)).toEqual(byHand.map(([name]) => name));
});

it.each(byHand)("%s weighs, tracks and scores as the page says", async (name, { family }) => {
  const terms = termsOf(name)!;
  const strict = await graphSays(name, "own");
  const authors = await graphSays(name, "published");
  expect(strict.tracked).toBeCloseTo(sum(terms.tracked) / pixels, 5);
  expect(authors.tracked).toBeCloseTo(sum(terms.published) / pixels, 5);
  expect(strict.score).toBeCloseTo(sum(terms.score), 5);
  expect(authors.score).toBeCloseTo(sum(lossTerms["mask-ce"].weight), 5);
  for (const { at, pixel } of counted) {
    const slope = gradientOf(family.name, terms.weight.of(pixel), pixel);
    slope.forEach((value, s) => {
      expect(strict.gradient[s * pixels + at]! * pixels).toBeCloseTo(value, 4);
    });
  }
  expect(Array.from({ length: classes }, (_, s) => strict.gradient[s * pixels]! + 0)).toEqual([0, 0, 0, 0]);
});

function gradientOf(family: string, weight: number, pixel: Pixel): number[] {
  const { logits: u, label, values } = pixel;
  if (family === "expected")
    return softmax(u).map((p, s) => weight * p * (values[s]! - expectedValue(pixel)));
  const oneHot = (s: number) => (s === label ? 1 : 0);
  if (family === "softmax") return softmax(u).map((p, s) => weight * (p - oneHot(s)));
  const unit = u.map((value) => value / norm(u));
  return unit.map((value, s) => (-weight / norm(u)) * (oneHot(s) - unit[label]! * value));
}
