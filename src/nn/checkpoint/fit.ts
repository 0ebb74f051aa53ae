/** Strict loading: every tensor of the checkpoint needs a parameter, and every parameter a tensor. */
import { SeawallError, type Tensor } from "../../base/index.js";
import { toFloat32 } from "../../weights/index.js";
import { initialTensor, type ParameterSpec } from "../layers/parameters.js";
import { gridOf, resizePositions } from "./positions.js";
import { shown, type Translation } from "./translate.js";

export interface FitOptions {
  /** Gives random initial values to parameters that the checkpoint lacks, with a notice. */
  readonly allowMissing?: boolean;
  /** Seed of the random initial values. Default 0. */
  readonly seed?: number | string;
}

export interface Fitted {
  /** A float32 tensor for every parameter that the graph reads. */
  readonly weights: ReadonlyMap<string, Tensor>;
  /** Names of the parameters that the checkpoint lacks, which have random initial values. */
  readonly initialized: readonly string[];
  readonly notices: readonly string[];
}

/** Differences between an architecture's parameters and a checkpoint's tensors. */
export interface Mismatch {
  readonly missing: readonly ParameterSpec[];
  /**
   * Missing weights in a part of the network that the backbone checkpoint does contain. They show that the checkpoint
   * is of another backbone.
   */
  readonly holes: readonly ParameterSpec[];
  readonly unexpected: readonly string[];
  readonly misshapen: readonly ParameterSpec[];
}

const floats = new Set(["float32", "float64", "float16", "bfloat16"]);

/**
 * Assigns a float32 tensor of the checkpoint to every parameter that the graph reads. Tensors for parameters that the
 * graph does not read (of an auxiliary head, counters) are ignored.
 * @throws SeawallError `weights` listing the tensors that are missing, unexpected or of another shape
 */
export function fitWeights(
  parameters: readonly ParameterSpec[],
  translation: Translation,
  { allowMissing = false, seed = 0 }: FitOptions = {},
): Fitted {
  const mismatch = compare(parameters, translation);
  const { missing } = mismatch;
  if (!loadable(mismatch, allowMissing)) {
    throw new SeawallError("weights", describeMismatch(mismatch, translation));
  }
  const read = parameters.filter(({ used }) => used);
  const absent = new Set(missing);
  const weights = new Map(
    read.map((spec) => [
      spec.name,
      absent.has(spec) ? initialTensor(spec, seed) : shaped(translation.tensors.get(spec.name)!, spec),
    ]),
  );
  refuseNonFinite(weights);
  return {
    weights,
    initialized: missing.map(({ name }) => name),
    notices: [
      ...read.flatMap((spec) => positionNotice(spec, translation.tensors.get(spec.name))),
      ...asideNotice(parameters, translation),
      ...missingNotice(missing, seed),
    ],
  };
}

/** Training that diverged leaves checkpoints with NaN weights, whose logits are all NaN. */
function refuseNonFinite(weights: ReadonlyMap<string, Tensor>): void {
  const spoilt = [...weights].filter(([, { data }]) => !(data as Float32Array).every(Number.isFinite));
  if (spoilt.length === 0) return;
  const names = list(
    "tensors hold NaN or infinite numbers",
    spoilt.map(([name]) => name),
    (name) => name,
  );
  throw new SeawallError("weights", `${names}; take a checkpoint from before training diverged`);
}

/** Whether a checkpoint can be loaded. With `allowMissing`, parameters may be missing, but not parts of the backbone. */
export function loadable(
  { missing, holes, unexpected, misshapen }: Mismatch,
  allowMissing: boolean,
): boolean {
  const lacking = allowMissing ? holes : missing;
  return lacking.length + unexpected.length + misshapen.length === 0;
}

export function compare(parameters: readonly ParameterSpec[], { tensors, keyMap }: Translation): Mismatch {
  const known = new Set(parameters.map(({ name }) => name));
  const read = parameters.filter(({ used }) => used);
  const missing = read.filter(({ name }) => !tensors.has(name));
  const parts = new Set([...tensors.keys()].map(partOf));
  return {
    missing,
    holes: missing.filter(
      ({ name, kind }) => keyMap.backbone && kind === "weight" && parts.has(partOf(name)),
    ),
    unexpected: [...tensors.keys()].filter((name) => !known.has(name)),
    misshapen: read.filter((spec) => {
      const tensor = tensors.get(spec.name);
      return tensor !== undefined && !fits(tensor, spec);
    }),
  };
}

function fits(tensor: Tensor, { shape, kind }: ParameterSpec): boolean {
  if (!floats.has(tensor.type)) return false;
  if (kind === "position" && tensor.dims.at(-1) === shape.at(-1) && tensor.dims[0] === 1) {
    return gridOf(tensor.dims[1]!) !== undefined && tensor.dims.length === 3;
  }
  return withoutOnes(tensor.dims) === withoutOnes(shape);
}

/** Libraries differ: a 1×1 convolution [m, n, 1, 1] in one is a linear layer [m, n] in another. */
function withoutOnes(dims: readonly number[]): string {
  return dims.join().replace(/(,1)+$/, "");
}

function shaped(tensor: Tensor, { shape, kind }: ParameterSpec): Tensor {
  if (kind === "position" && tensor.dims[1] !== shape[1]) return resizePositions(tensor, shape[1]!)!;
  return { ...toFloat32(tensor), dims: shape };
}

function positionNotice({ name, shape, kind }: ParameterSpec, tensor: Tensor | undefined): string[] {
  if (kind !== "position" || tensor === undefined || tensor.dims[1] === shape[1]) return [];
  const [from, to] = [gridOf(tensor.dims[1]!), gridOf(shape[1]!)];
  return [`${name} resized from a ${from}×${from} grid to ${to}×${to}`];
}

function asideNotice(parameters: readonly ParameterSpec[], { tensors }: Translation): string[] {
  const aside = parameters.filter(({ name, used, kind }) => !used && kind !== "counter" && tensors.has(name));
  return aside.length > 0 ? [`not part of this graph: ${summary(aside.map(({ name }) => name))}`] : [];
}

function missingNotice(missing: readonly ParameterSpec[], seed: number | string): string[] {
  const names = missing.map(({ name }) => name);
  if (names.length === 0) return [];
  return [
    `NOT IN THE CHECKPOINT, random initial values from seed ${seed}: ${names.length} tensors: ${summary(names)}`,
  ];
}

/** The names counted by their first part: `decode_head (62), auxiliary_head (7)`. */
function summary(names: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const name of names) {
    const part = partOf(name);
    counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  return [...counts].map(([part, count]) => `${part} (${count})`).join(", ");
}

function partOf(name: string): string {
  return name.split(".")[0]!;
}

/** The most keys that a message lists for each kind of difference. */
const listed = 40;

function describeMismatch(
  { missing, holes, unexpected, misshapen }: Mismatch,
  translation: Translation,
): string {
  const { tensors, sources, keyMap } = translation;
  const given = (name: string) => `${shown(sources.get(name)!)} ${shapeText(tensors.get(name)!)}`;
  const parts = [
    list("missing", missing, ({ name, shape }) => `${name} [${shape.join(", ")}]`),
    list(
      "unexpected",
      unexpected,
      (name) => `${given(name)}${sources.get(name) === name ? "" : ` (as ${shown(name)})`}`,
    ),
    list(
      "of another shape",
      misshapen,
      ({ name, shape }) => `${given(name)}, expected [${shape.join(", ")}]`,
    ),
  ];
  const cure =
    keyMap.backbone && holes.length + unexpected.length + misshapen.length === 0
      ? "; it contains only a backbone: to start training from it with random values elsewhere, pass --allow-missing"
      : "";
  return `the checkpoint (${translation.name}) does not fit: ${parts.filter(Boolean).join("; ")}${cure}`;
}

function list<T>(what: string, items: readonly T[], text: (item: T) => string): string {
  if (items.length === 0) return "";
  const more = items.length > listed ? `, … (${items.length - listed} more)` : "";
  return `${items.length} ${what}: ${items.slice(0, listed).map(text).join(", ")}${more}`;
}

function shapeText({ type, dims }: Tensor): string {
  return `[${dims.join(", ")}]${floats.has(type) ? "" : ` ${type}`}`;
}
