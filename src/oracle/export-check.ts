/** An exported gradient graph against finite differences of its own outputs. */
import { type DataType, float32, randomStream, sizeOf, type Tensor } from "../base/index.js";
import { openSession, type Session } from "../runtime/index.js";
import { checkEstimate, checkGradient, excuseJump, type GradientCheck } from "./check.js";
import type { ExportOptions, Written } from "./exported.js";

/** Checks a gradient graph at a random point, with random labels or output gradients. */
export async function checkExport(written: Written, options: ExportOptions): Promise<GradientCheck> {
  const session = await openSession(written.graph);
  const smooth = written.smooth && (await openSession(await written.smooth()));
  try {
    const random = randomStream("check", written.graph.name);
    const point = random.uniform(sizeOf(written.inputShape), 0, 1);
    const seed = seedOf(written, options, random);
    const others = otherInputs(written, random);
    const evaluate = (of: Session) => async (x: Float32Array) => {
      const results = await of.run({
        ...others,
        ...seed,
        [written.input]: float32(written.inputShape, x),
      });
      const gradient = (results.grad ?? results[`grad/${written.input}`])!;
      return { objective: objectiveOf(results, options, seed), gradient: gradient.data as Float32Array };
    };
    return smooth
      ? await checkEstimate(evaluate(session), evaluate(smooth), point, random)
      : excuseJump(await checkGradient(evaluate(session), point, random), written.jump);
  } finally {
    await session.dispose();
    await smooth?.dispose();
  }
}

type Random = ReturnType<typeof randomStream>;

function seedOf(
  { seedShape, classes }: Written,
  { loss }: ExportOptions,
  random: Random,
): Record<string, Tensor> {
  const size = sizeOf(seedShape);
  if (loss === "none") return { output_grad: float32(seedShape, random.normal(size)) };
  const labels = BigInt64Array.from({ length: size }, () => BigInt(Math.floor(random.next() * classes)));
  return { labels: { type: "int64", dims: seedShape, data: labels } };
}

/** Every other float input gets noise: the check holds wherever the model is evaluated. */
function otherInputs({ graph, input }: Written, random: Random): Record<string, Tensor> {
  const floats = graph.inputs.filter(
    ({ name, type }) => type === ("float32" satisfies DataType) && name !== input && name !== "output_grad",
  );
  return Object.fromEntries(
    floats.map(({ name, shape }) => [
      name,
      float32(shape as readonly number[], random.uniform(sizeOf(shape as readonly number[]), 0, 1)),
    ]),
  );
}

function objectiveOf(
  results: Awaited<ReturnType<Session["run"]>>,
  { loss }: ExportOptions,
  seed: Readonly<Record<string, Tensor>>,
): number {
  if (loss === "ce") return sum(results.loss!.data as Float32Array);
  const output = Object.entries(results).find(([name]) => !name.startsWith("grad"))![1];
  const weights = seed.output_grad!.data as Float32Array;
  return sum((output.data as Float32Array).map((value, i) => value * weights[i]!));
}

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}
