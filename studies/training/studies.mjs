/** The networks of the studies, and the trainings that each study compares. */

const convnext = { rate: 1e-3, classifierRates: { clean: 1e-3, robust: 5e-4 }, radii: ["4/255"] };
/** At larger rates, or with fewer radii, some classifiers of transformers never do better than guessing. */
const swin = { rate: 5e-4, classifierRates: { clean: 2e-4, robust: 2e-4 }, radii: ["4/255"] };
const mit = { rate: 5e-4, classifierRates: { clean: 2e-4, robust: 1e-4 }, radii: ["2/255", "4/255"] };

/**
 * Networks, and the classifiers whose backbones they begin with: learning rates of both, and the radii at which the robust
 * classifier is attacked before the whole one.
 */
export const networks = {
  "convnext-nano": { classifier: "convnext-nano-cvst", network: "upernet-convnext-nano-cvst", ...convnext },
  "convnext-micro": {
    classifier: "convnext-micro-cvst",
    network: "upernet-convnext-micro-cvst",
    ...convnext,
  },
  "convnext-milli": {
    classifier: "convnext-milli-cvst",
    network: "upernet-convnext-milli-cvst",
    ...convnext,
  },
  "swin-micro": { classifier: "swin-micro", network: "upernet-swin-micro", ...swin },
  "mit-micro": { classifier: "mit-micro", network: "segformer-micro", ...mit },
};

/** Backbones that a training begins with. */
export const starts = ["clean", "robust"];

/** @typedef {{ backbones: (keyof typeof networks)[], epochs: Record<number, number[]>, picture: string }} Study numbers of epochs by steps of the attack */

/** @type {Record<string, Study>} */
export const studies = {
  "pir-at": {
    backbones: ["convnext-micro"],
    epochs: { 0: [16], 2: [2, 4, 8, 16], 5: [2, 4, 8, 16] },
    picture: "training.png",
  },
  architectures: {
    backbones: ["convnext-micro", "swin-micro", "mit-micro"],
    epochs: { 2: [2, 4, 8] },
    picture: "training-architectures.png",
  },
  widths: {
    backbones: ["convnext-nano", "convnext-micro", "convnext-milli"],
    epochs: { 2: [2, 4, 8] },
    picture: "training-widths.png",
  },
};

/** @typedef {{ backbone: string, start: string, steps: number, epochs: number, seed: number }} Cell one training */

/**
 * The trainings of a study with a seed, long ones first, so that all processes end at about the same time.
 * @param {Study} study
 * @returns {Cell[]}
 */
export function cellsOf({ backbones, epochs }, seed) {
  const lengths = Object.entries(epochs).flatMap(([steps, counts]) =>
    counts.map((count) => ({ steps: Number(steps), epochs: count })),
  );
  const cells = lengths.flatMap((length) =>
    backbones.flatMap((backbone) => starts.map((start) => ({ backbone, start, ...length, seed }))),
  );
  return cells.sort((a, b) => passesOf(b) - passesOf(a));
}

/** The results of a study sorted by backbone, attack steps, epochs, and seed, for its tables. */
export function inOrder({ backbones }, results) {
  const keys = ({ backbone, steps, epochs, seed }) => [backbones.indexOf(backbone), steps, epochs, seed];
  return results.toSorted((a, b) => {
    const other = keys(b);
    return (
      keys(a)
        .map((key, i) => key - other[i])
        .find((difference) => difference !== 0) ?? 0
    );
  });
}

/** Passes forward and backward of each training image: those of the attack, and that of the update. */
export function passesOf({ epochs, steps }) {
  return epochs * (steps + 1);
}
