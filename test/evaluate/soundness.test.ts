/** Every soundness check: silent on a sound run, raised by a model or a setting made for it. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Attack } from "../../src/attack/index.js";
import { checkModel, checkRecords } from "../../src/evaluate/index.js";
import { outcomeOf } from "../../src/evaluate/soundness/logits.js";
import type { Member, RunRecord, Soundness } from "../../src/journal/index.js";
import { losses } from "../../src/loss/index.js";
import { float, type Graph } from "../../src/onnx/index.js";
import { openModel } from "../../src/oracle/index.js";
import { tinyModel } from "../helpers/models.js";
import { convolutionalModel } from "../helpers/quantised.js";
import { attackTiny, openTiny, tinySample } from "../helpers/tiny-run.js";

const sound = tinyModel();
/** Softmax of the logits is 0 or 1 in single precision: cross-entropy has no gradient where a pixel is right. */
const saturated = tinyModel({ after: (b, logits) => b.mul(logits, 1e6) });
/** A model that sees rounded colours, beside a trace of the true ones: a gradient that is right and leads nowhere. */
const rounding = tinyModel({
  before: (b, image) =>
    b.add(b.div(b.op("Round", [b.mul(image, 8)]), 8), b.mul(1e-4, b.op("Sin", [b.mul(image, 900)]))),
});
const random = tinyModel({
  after: (b, logits) =>
    b.add(logits, b.op("RandomUniformLike", [logits], { low: float(-0.5), high: float(0.5) })),
});
/** The engine multiplies kernel and factor first, which rounds otherwise, and the sine makes all of what is rounded. */
const chaotic = tinyModel({ after: (b, logits) => b.op("Sin", [b.mul(b.mul(logits, 0.3), 1e7)]) });
/** The root of a negative logit is not a number. */
const undefinedInPlaces = tinyModel({ after: (b, logits) => b.op("Sqrt", [logits]) });
/** Not at the end, so it is not cut off. */
const softmax = tinyModel({ after: (b, logits) => b.op("Relu", [b.op("Softmax", [logits], { axis: 1 })]) });
/** The logarithm of 0 is not chosen where it arises, but its slope is: 0 · ∞. */
const unchosen = tinyModel({
  before: (b, image) => {
    const bright = b.log(b.op("Relu", [b.sub(image, 0.5)]));
    return b.where(b.op("Greater", [image, b.scalar(0.5)]), b.add(image, b.mul(1e-3, bright)), image);
  },
});
/** Turns within a grey level, and is the same at every whole one. */
const between = tinyModel({
  before: (b, image) => b.add(image, b.mul(0.2, b.sub(1, b.op("Cos", [b.mul(image, 2 * Math.PI * 255)])))),
});

const outcomeIn = (list: readonly Soundness[], name: string) => list.find(({ check }) => check === name)!;
const ofRecords = (records: readonly RunRecord[], name: string) => outcomeIn(checkRecords(records), name);

async function ofModel(graph: Graph, name: string) {
  return outcomeIn(await checkModel({ model: await openTiny(graph), sample: tinySample(0), seed: 0 }), name);
}

let healthy: readonly RunRecord[];
beforeAll(async () => {
  const attacks = "sea-2023,square,noise,transfer:apgd:js";
  healthy = await attackTiny(sound, { attacks, eps: ["8/255", "32/255"], steps: 100, surrogate: sound });
});

describe("on a sound model", () => {
  it("no check of the model is raised", async () => {
    const checks = await checkModel({ model: await openTiny(sound), sample: tinySample(0), seed: 0 });
    expect(checks.map(({ check, status }) => [check, status])).toEqual(
      checks.map(({ check }) => [check, "pass"]),
    );
  });

  it("no check of the records is raised", () => {
    for (const { check, status, detail } of checkRecords(healthy))
      expect([check, status, detail]).toEqual([check, "pass", detail]);
  });

  it("checks do not depend on the order of the records", () => {
    expect(checkRecords(healthy.toReversed())).toEqual(checkRecords(healthy));
  });

  it("records without evidence are read, and what needs it is skipped", () => {
    const old = healthy.map(({ evidence: _, ...record }) => record);
    const skipped = checkRecords(old).filter(({ status }) => status === "skip");
    expect(skipped.map(({ check }) => check)).toEqual([
      ...["gradients", "edge", "convergence", "steps", "noise", "rounding"],
    ]);
  });

  it("a run without an image that has all records skips what compares images", () => {
    const statuses = checkRecords(healthy.slice(0, 1)).map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set(["pass", "skip"]));
  });
});

describe("convergence of attacks that go on from one another", () => {
  /** Two images of ten labelled pixels. */
  const record = (attack: string, index: number, correct: number, late: number, steps?: number) =>
    ({
      ...healthy.find((one) => one.attack === "apgd:js")!,
      ...{ image: `photo${index}`, index, eps: "8/255", attack, correct, valid: 10 },
      ...{ evidence: { noise: 10, edge: 1, late }, ...(steps !== undefined && { steps }) },
    }) satisfies RunRecord;
  const member = (name: string, steps: number, more: Partial<Member> = {}): Member => ({
    ...{ name, steps, radiusSchedule: "constant", continues: true, ...more },
  });
  const detailOf = (members: Member[], records: RunRecord[], check = "convergence") =>
    outcomeIn(
      checkRecords(records, {
        protocol: {
          ...{ attacks: "x", members, eps: ["8/255"], accounting: "strict", seed: 0, leastGain: 0.1 },
        },
        data: {
          ...{ spec: "folder:x", images: 2, listSha256: "0".repeat(64), settings: { labels: "truth" } },
        },
      }),
      check,
    );
  const first = () => [record("a", 0, 8, 1), record("a", 1, 8, 1)];

  it("speaks of the last fifth of all steps", () => {
    const second = [record("b", 0, 4, 2), record("b", 1, 6, 0)];
    // Half of all steps are the second attack's, of which a fifth is too little: all of them are counted.
    expect(detailOf([member("a", 30), member("b", 30)], [...first(), ...second])).toMatchObject({
      ...{ status: "warn", remedy: "increase --steps until the figures no longer change" },
      detail:
        "the last 50 % of the steps lowered the worst-case aAcc by at most 30.0 percentage points (8/255)",
    });
    // 15 steps of the third attack and a fifth of the second's 30 are the last 21 of 90.
    const third = [record("c", 0, 4, 0), record("c", 1, 5, 0)];
    const members = [member("a", 45), member("b", 30), member("c", 15)];
    expect(detailOf(members, [...first(), ...second, ...third]).detail).toMatch(
      /^the last 23 % of the steps lowered .* by at most 15\.0 percentage points/,
    );
  });

  it("counts the steps that images were given in rounds, and leaves out rounds that were not needed", () => {
    const round = [record("b", 0, 8, 0, 0), record("b", 1, 6, 1, 20)];
    const idle = [record("c", 0, 8, 0, 0), record("c", 1, 6, 0, 0)];
    const members = [member("a", 30), member("b", 10, { round: 1 }), member("c", 10, { round: 2 })];
    expect(detailOf(members, [...first(), ...round, ...idle])).toMatchObject({
      remedy: "increase --max-steps, or lower GAIN of --steps auto:GAIN",
      detail:
        "the last 25 % of the steps lowered the worst-case aAcc by at most 10.0 percentage points (8/255)",
    });
    // The second attack repeats on the first image what the first one has found there.
    expect(detailOf(members, [...first(), ...round, ...idle], "members").detail).toMatch(
      /at most 10\.0 percentage points of aAcc below the best single attack \(8\/255\)$/,
    );
  });
});

describe("before a run", () => {
  it("gradient is raised by a model that is saturated where it is right", async () => {
    const model = await openTiny(saturated);
    const sample = tinySample(0);
    const oracle = model.oracle({ losses: [losses.ce] });
    const unlabelled = oracle.image(sample.image.data, new Int32Array(12 * 16));
    const { classes } = await unlabelled.predict(sample.image.data);
    await oracle.dispose();
    const labelled = { ...sample, labels: Int32Array.from(classes) };
    const outcome = outcomeIn(await checkModel({ model, sample: labelled, seed: 0 }), "gradient");
    expect(outcome).toMatchObject({ status: "fail", detail: "it is zero (norm 0)" });
  });

  it.each([
    ["engine", chaotic, "optimisations differ by"],
    ["determinism", random, "two passes over the same image differ by"],
    ["logits", softmax, "sum to 1 at all of "],
    ["logits", undefinedInPlaces, "are not numbers (NaN)"],
  ] as const)("%s is raised by a model made for it", async (check, model, detail) => {
    const outcome = await ofModel(model, check);
    expect(outcome.status).toBe("fail");
    expect(outcome.detail).toContain(detail);
  });
});

describe("logits that are none", () => {
  const [inf, nan] = [Number.POSITIVE_INFINITY, Number.NaN];
  // Two classes of three pixels.
  it.each([
    [
      [nan, 1, 2, nan, 1, inf],
      "fail",
      "2 of 6 logits, at 1 of 3 pixels, are not numbers (NaN)",
      /by zero/,
      /--std/,
    ],
    [
      [inf, 1, 2, 3, -inf, 4],
      "fail",
      "2 of 6 logits, at 2 of 3 pixels, are infinite",
      /overflows/,
      /float32/,
    ],
    [[-inf, 1, 2, 3, 4, 5], "warn", "1 of 6 logits, at 1 of 3 pixels, are −∞", /masks/, /large negative/],
    [[0, 0.5, 1, 1, 0.5, 0], "fail", "sum to 1 at all of 3 pixels", /probabilities/, /Softmax/],
  ] as const)("%j have their own words", (values, status, detail, means, remedy) => {
    const outcome = outcomeOf(Float32Array.from(values), 2);
    expect(outcome).toMatchObject({ status, detail: expect.stringContaining(detail) });
    expect(outcome.means).toMatch(means);
    expect(outcome.remedy).toMatch(remedy);
  });

  it("finite numbers pass", () => {
    expect(outcomeOf(Float32Array.from([0, 0.5, 1, 1, 0.5, 3]), 2)).toEqual({
      status: "pass",
      detail: "the outputs lie in [0, 1] and sum to 1 at 66.7 % of the pixels",
    });
  });

  it("what a check says of a model is of what it found", async () => {
    const { remedy } = await ofModel(softmax, "logits");
    expect(remedy).toBe("export the model without its Softmax, or choose the output before it with --output");
  });
});

describe("of a quantised model", () => {
  const quantised = convolutionalModel("qdq");
  const sample = { ...tinySample(0), height: 6, width: 6 };
  const image = { type: "float32", dims: [3, 6, 6], data: sample.image.data.slice(0, 108) } as const;
  const check = async (name: string) => {
    const probe = { model: await openModel(quantised), sample: { ...sample, image }, seed: 0 };
    return outcomeIn(await checkModel(probe), name);
  };

  it("the gradient is called an estimate, and only the one without rounding is compared", async () => {
    const outcome = await check("gradient");
    expect(outcome.status).toBe("warn");
    expect(outcome.detail).toMatch(
      /^an estimate.*cosine .* is [01]\.\d\d; there, slopes along 4 directions differ/,
    );
  });

  it("the engine may round to the next integer", async () => {
    const outcome = await check("engine");
    expect([outcome.status, outcome.detail]).toEqual([
      "pass",
      expect.stringContaining("0.0 % of the pixels"),
    ]);
  });
});

describe("on records", () => {
  it("gradients: a saturated model has none", async () => {
    const records = await attackTiny(saturated, { attacks: "apgd:mask-ce" });
    expect(ofRecords(records, "gradients")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining(
        "100.0 % of 3 attacks on an image began with a gradient of mostly zeros",
      ),
    });
  });

  it("gradients: numbers that are not finite end no attack", async () => {
    const records = await attackTiny(unchosen, { attacks: "apgd:mask-ce" });
    expect(ofRecords(records, "gradients")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("100.0 % met a gradient that is not finite"),
    });
  });

  it("edge: without a gradient the points stay where they began", async () => {
    const records = await attackTiny(saturated, { attacks: "pgd:ce" });
    expect(ofRecords(records, "edge").status).toBe("warn");
  });

  it("convergence: two steps are too few", async () => {
    const records = await attackTiny(sound, { attacks: "pgd:ce", eps: ["64/255"], steps: 2 });
    expect(ofRecords(records, "convergence").status).toBe("warn");
  });

  it("noise: an attack that does nothing is weaker", async () => {
    const records = await attackTiny(sound, { attacks: [idle], eps: ["64/255"] });
    expect(ofRecords(records, "noise").status).toBe("fail");
  });

  it("black-box: a blind search beats gradients that lead nowhere", async () => {
    const records = await attackTiny(rounding, {
      attacks: "apgd:mask-ce,square",
      eps: ["64/255"],
      steps: 300,
    });
    expect(ofRecords(records, "black-box").status).toBe("fail");
  });

  it("transfer: gradients of another model lead where the model's own lead nowhere", async () => {
    const records = await attackTiny(rounding, {
      attacks: "apgd:mask-ce,transfer:apgd:mask-ce",
      eps: ["64/255"],
      steps: 30,
      surrogate: sound,
    });
    const outcome = ofRecords(records, "transfer");
    expect(outcome.status).toBe("fail");
    expect(outcome.detail).toMatch(
      /^transfer:apgd:mask-ce at 64\/255 leaves \d+\.\d percentage points less aAcc/,
    );
    expect(ofRecords(records, "black-box").status).toBe("skip");
  });

  it("rounding: a model that turns within a grey level is right at whole ones", async () => {
    const records = await attackTiny(between, { attacks: "apgd:mask-ce", eps: ["1/255"] });
    expect(ofRecords(records, "rounding").status).toBe("warn");
  });

  it("rounding: has nothing to say below a grey level", async () => {
    const records = await attackTiny(between, { attacks: "apgd:mask-ce", eps: ["0.5/255"] });
    expect(ofRecords(records, "rounding").status).toBe("skip");
  });
});

/** Asks for a gradient and stays where it is. */
const idle: Attack = {
  name: "idle",
  losses: [losses.ce],
  passes: () => 1,
  async run(oracle) {
    await oracle.evaluate(oracle.image, { loss: losses.ce });
    return { point: oracle.image, step: 0, late: 0 };
  },
};

describe("on records that no attack of ours would leave", () => {
  it("radius: a larger one is weaker", () => {
    const swapped = { "0": "0", "8/255": "32/255", "32/255": "8/255" } as Readonly<Record<string, string>>;
    const records = healthy.map((record) => ({ ...record, eps: swapped[record.eps]! }));
    expect(ofRecords(records, "radius")).toMatchObject({
      status: "fail",
      detail: expect.stringContaining("(worst case at 32/255)"),
    });
  });

  it("radius: one attack is weaker at it, others are not", () => {
    const records = healthy.map((record) =>
      record.attack === "square" && record.eps === "32/255" ? { ...record, correct: record.valid } : record,
    );
    expect(ofRecords(records, "radius")).toMatchObject({
      status: "warn",
      detail: expect.stringContaining("(square at 32/255)"),
    });
  });

  it("steps: the last ones gave pixels back", () => {
    const records = healthy.map((record) => ({
      ...record,
      ...(record.evidence && { evidence: { ...record.evidence, late: -5 } }),
    }));
    expect(ofRecords(records, "steps").status).toBe("warn");
  });

  it("members: each attack finds what the others miss", () => {
    const attacks = ["apgd:js", "apgd:mask-ce", "apgd:balanced-ce"];
    const records = healthy
      .filter(({ attack }) => attack === "clean" || attacks.includes(attack))
      .map((record) => ({ ...record, correct: attacks[record.index] === record.attack ? 0 : record.valid }));
    expect(ofRecords(records, "members").status).toBe("warn");
  });

  it("members: names those that add nothing", () => {
    const records = healthy.map((record) =>
      record.attack === "square" ? { ...record, correct: record.valid } : record,
    );
    expect(ofRecords(records, "members").detail).toMatch(/square.* lowers? no image further/);
  });

  it("ball: a point lies outside", () => {
    const records = healthy.map((record) => ({ ...record, maxDelta: record.maxDelta + 1e-3 }));
    expect(ofRecords(records, "ball").status).toBe("fail");
  });

  it("transfer: one that lowers the worst case without being the best", () => {
    const lowered = healthy
      .filter(({ attack }) => ["clean", "apgd:js", "transfer:apgd:js"].includes(attack))
      .map((record) => {
        if (record.attack === "apgd:js") return { ...record, correct: record.index === 0 ? record.valid : 0 };
        return record.attack !== "clean" && record.index === 0 ? { ...record, correct: 0 } : record;
      });
    expect(ofRecords(lowered, "transfer").status).toBe("warn");
  });

  it("black-box: one that lowers the worst case without being the best", () => {
    const lowered = healthy
      .filter(({ attack }) => ["clean", "apgd:js", "square"].includes(attack))
      .map((record) => {
        if (record.attack === "apgd:js") return { ...record, correct: record.index === 0 ? record.valid : 0 };
        return record.attack === "square" && record.index === 0 ? { ...record, correct: 0 } : record;
      });
    expect(ofRecords(lowered, "black-box").status).toBe("warn");
  });
});
