/** A whole evaluation of a small model on images of noise, its own clean prediction the reference. */
import { type Attack, parseAttacks } from "../../src/attack/index.js";
import { parseRadius, randomStream } from "../../src/base/index.js";
import { makeSample, type Sample } from "../../src/data/index.js";
import { evaluate, localWorker } from "../../src/evaluate/index.js";
import { describeRun, memoryJournal, type RunRecord } from "../../src/journal/index.js";
import type { Graph } from "../../src/onnx/index.js";
import { type Model, openModel } from "../../src/oracle/index.js";

export interface TinyRun {
  readonly attacks: readonly Attack[] | string;
  readonly eps?: readonly string[];
  readonly steps?: number;
  readonly images?: number;
  /** The model by whose gradient transferred attacks are made. */
  readonly surrogate?: Graph;
}

const [height, width] = [12, 16];

export const openTiny = (graph: Graph): Promise<Model> => openModel(graph, { size: { height, width } });

/** An image of random bytes without labels. */
export function tinySample(index: number): Sample {
  const data = Uint8Array.from(randomStream("tiny", index).uniform(3 * height * width, 0, 256));
  return makeSample(`photo${index}`, index, { height, width, channels: 3, data });
}

/** The records of a run of some attacks. */
export async function attackTiny(graph: Graph, options: TinyRun): Promise<readonly RunRecord[]> {
  const { eps = ["8/255"], steps = 20, images = 3 } = options;
  const attacks =
    typeof options.attacks === "string" ? parseAttacks(options.attacks, "constant") : options.attacks;
  const model = await openTiny(graph);
  const oracle = model.oracle({ losses: allLosses(attacks) });
  const surrogate =
    options.surrogate && (await openTiny(options.surrogate)).oracle({ losses: allLosses(attacks) });
  const radii = eps.map((text) => parseRadius(text));
  const settings = { norm: "linf", accounting: "strict" } as const;
  const worker = localWorker(
    {
      oracle: async () => oracle,
      ...(surrogate && { surrogate: async () => surrogate }),
      attacks: attacks.map((attack) => ({ attack, steps })),
      radii,
      settings,
      seed: 0,
      labels: "self",
    },
    async () => {
      await oracle.dispose();
      await surrogate?.dispose();
    },
  );
  const samples = Array.from({ length: images }, (_, i) => tinySample(i));
  const data = {
    ids: samples.map(({ id }) => id),
    async *samples(positions: Iterable<number> = samples.keys()) {
      for (const i of positions) yield samples[i]!;
    },
  };
  const members = attacks.map(({ name }) => name);
  const journal = memoryJournal(describeTiny(members, eps, steps, images, oracle.classes));
  await evaluate({ data, journal, workers: [worker], attacks: members, radii: [...eps] });
  await worker.dispose();
  return journal.records();
}

const allLosses = (attacks: readonly Attack[]) => [...new Set(attacks.flatMap((attack) => attack.losses))];

function describeTiny(
  members: readonly string[],
  eps: readonly string[],
  steps: number,
  images: number,
  classes: number,
) {
  const entries = members.map((name) => ({ name, steps, radiusSchedule: "constant" as const }));
  return describeRun({
    protocol: {
      ...{ attacks: "all", members: entries, eps: [...eps] },
      ...{ accounting: "strict", seed: 0 },
    },
    model: { file: "tiny.onnx", sha256: "0".repeat(64), classes, input: ["n", 3, "h", "w"] },
    data: { spec: "tiny", images, listSha256: "0".repeat(64), settings: { labels: "self" } },
    ...{ versions: {}, engine: {}, config: {} },
  });
}
