/** The logits: found behind the model's output, and given the one form that losses know. */

import type { TypedShape } from "../autodiff/index.js";
import { SeawallError } from "../base/index.js";
import {
  attribute,
  describeNode,
  type Graph,
  type GraphBuilder,
  type Node,
  producersOf,
  type Value,
  type ValueInfo,
} from "../onnx/index.js";
import type { ImageLayout } from "./input.js";

/** A shape read as a map of the image. */
interface MapReading {
  /** The axis of the classes: 1 in N×K×h×w, 3 in N×h×w×K. */
  readonly layout: ImageLayout;
  /** The shape in this layout, with four axes. */
  readonly shape: readonly [number, number, number, number];
  /** For a value that has other axes: how it is read. */
  readonly form?: string;
}

/** The logits of a graph: their value and its form. */
export interface Logits extends MapReading {
  readonly value: Value;
  /** One channel u stands for two classes with logits (0, u). */
  readonly binary: boolean;
  readonly classes: number;
  /** The decisions made, one sentence each. */
  readonly notices: readonly string[];
}

export interface LogitsOptions {
  /** The output to use, where there are several. */
  readonly output?: string;
  readonly layout?: ImageLayout;
  /** The layout of the image input, which decides where shapes do not. */
  readonly imageLayout: ImageLayout;
  /** The number of classes that the labels have. */
  readonly classes?: number;
  /** Height and width of the image. */
  readonly height: number;
  readonly width: number;
}

/** Operators that pass a prediction on unchanged in meaning: the search for the logits goes through them. */
const carriers = new Set(["Identity", "Cast", "Squeeze", "Unsqueeze", "Reshape", "Flatten", "Transpose"]);

/** Operators that turn logits into probabilities or classes; their input is what the attack needs. */
const endings = new Set(["Softmax", "LogSoftmax", "Sigmoid", "HardSigmoid", "ArgMax"]);

/** Operators that scale or round what an ending made; passed only on the way to one, their other inputs being constants. */
const scalings = new Set(["Mul", "Div", "Add", "Sub", "Round", "Floor", "Ceil", "Clip"]);

/** Comparisons with a constant: the compared value is as good as logits. */
const thresholds = new Set(["Greater", "GreaterOrEqual"]);

/**
 * Finds the logits behind the chosen output: a Softmax, Sigmoid or ArgMax at its end is cut off, with a notice.
 * @throws SeawallError `model` if the output is ambiguous or holds no logits that can be differentiated
 */
export function findLogits(
  graph: Graph,
  types: ReadonlyMap<Value, TypedShape>,
  options: LogitsOptions,
): Logits {
  const { output, notices } = chooseOutput(graph, types, options);
  const { value, ending } = cutBack(graph, output.name);
  if (ending) {
    notices.push(
      `output "${output.name}" ends in ${ending.op}: cut back to its logits, the input of ${describeNode(ending)}`,
    );
  }
  const typed = types.get(value);
  if (typed?.type !== "float32") {
    throw new SeawallError(
      "model",
      `output "${output.name}" is ${typed?.type ?? "unknown"} and no logits were found behind it; export the model without its final class index`,
    );
  }
  const map = mapOf(typed.shape, ending, options);
  if (map === undefined) throw noMap(output.name, typed.shape, options);
  if (map.form) notices.push(`output "${output.name}" [${typed.shape.join(", ")}] is read as ${map.form}`);
  const [channels] = readAs(map.shape, map.layout);
  const binary = channels === 1;
  if (binary) notices.push(`output "${output.name}" has one channel u: two classes with logits (0, u)`);
  return { ...map, value, binary, classes: binary ? 2 : channels, notices };
}

function chooseOutput(
  graph: Graph,
  types: ReadonlyMap<Value, TypedShape>,
  options: LogitsOptions,
): { output: ValueInfo; notices: string[] } {
  const list = () =>
    graph.outputs.map(({ name }) => `"${name}" [${types.get(name)?.shape.join(", ") ?? "?"}]`).join(", ");
  if (options.output !== undefined) {
    const named = graph.outputs.find((output) => output.name === options.output);
    if (named) return { output: named, notices: [] };
    throw new SeawallError(
      "usage",
      `--output ${options.output}: the model has no such output; its outputs are ${list()}`,
    );
  }
  if (graph.outputs.length === 1) return { output: graph.outputs[0]!, notices: [] };
  const maps = graph.outputs.filter(({ name }) => holdsMap(graph, types, name, options));
  if (maps.length === 1) {
    const [output] = maps as [ValueInfo];
    return {
      output,
      notices: [`of the outputs ${list()}, only "${output.name}" is a map of the image: it holds the logits`],
    };
  }
  throw new SeawallError(
    "usage",
    `the model has ${graph.outputs.length} outputs, ${list()}; choose the one that holds the logits with --output NAME`,
  );
}

function holdsMap(
  graph: Graph,
  types: ReadonlyMap<Value, TypedShape>,
  output: Value,
  options: LogitsOptions,
): boolean {
  const { value, ending } = cutBack(graph, output);
  const typed = types.get(value);
  const map = typed?.type === "float32" ? mapOf(typed.shape, ending, options) : undefined;
  // A single place says nothing of where it came from: scores of a whole image have that form, too.
  return (
    map !== undefined &&
    readAs(map.shape, map.layout)
      .slice(1)
      .some((length) => length > 1)
  );
}

/** Goes from the output towards the image until an ending is met; stays at the output if there is none. */
function cutBack(graph: Graph, output: Value): { value: Value; ending: Node | undefined } {
  const producers = producersOf(graph);
  const constant = (value: Value) => value === "" || graph.initializers.has(value);
  for (let node = producers.get(output); node; node = producers.get(variableInput(node, constant))) {
    const fixed = node.inputs.slice(1).every(constant);
    if (endings.has(node.op) || (thresholds.has(node.op) && fixed)) {
      // exp(LogSoftmax) and a second ending behind the first (ArgMax of Softmax) both lead further back.
      const deeper = cutBack(graph, node.inputs[0]!);
      return { value: deeper.ending ? deeper.value : node.inputs[0]!, ending: deeper.ending ?? node };
    }
    const scaled = scalings.has(node.op) && node.inputs.filter((input) => !constant(input)).length === 1;
    if (!carriers.has(node.op) && !scaled) break;
  }
  return { value: output, ending: undefined };
}

/** The first input that is not a constant: that which a carrier or a scaling hands on. */
function variableInput(node: Node, constant: (value: Value) => boolean): Value {
  return node.inputs.find((input) => !constant(input)) ?? node.inputs[0]!;
}

/** How a shape is read as a map of the image; undefined if it is none. */
function mapOf(
  shape: readonly number[],
  ending: Node | undefined,
  options: LogitsOptions,
): MapReading | undefined {
  const axis = ending && classAxis(ending, shape.length);
  if (shape.length === 3) return squeezedMap(shape, options) ?? flatMap(shape, axis, options);
  // A mask for each of N×1 prompts, as in SAM.
  if (shape.length === 5 && shape[1] === 1 && shape[2] === 1) {
    const found = mapOf(shape.slice(1), undefined, { ...options, layout: "nchw" });
    return found && { ...found, form: "masks of one prompt, N×1×1×h×w" };
  }
  if (shape.length !== 4) return undefined;
  const layout = options.layout ?? (axis === 1 ? "nchw" : axis === 3 ? "nhwc" : layoutOf(shape, options));
  return layout && { layout, shape: shape as MapReading["shape"] };
}

function layoutOf(shape: readonly number[], options: LogitsOptions): ImageLayout | undefined {
  const layouts = (["nchw", "nhwc"] as const).filter((layout) => isMap(shape, layout, options));
  // A map of exactly the image's size says more than one of its proportions; then the image's own layout decides.
  const exact = layouts.filter((layout) => hasSize(shape, layout, options));
  const [first, second] = exact.length > 0 ? exact : layouts;
  return second === undefined ? first : options.imageLayout;
}

/** N×H×W: one channel, whose axis the model dropped. */
function squeezedMap(shape: readonly number[], options: LogitsOptions): MapReading | undefined {
  const [n, h, w] = shape as [number, number, number];
  const full = [n, 1, h, w] as const;
  return hasSize(full, "nchw", options) ? { layout: "nchw", shape: full, form: "N×H×W" } : undefined;
}

/** N×(h·w)×K or N×K×(h·w), for the image's size or a whole part of it. */
function flatMap(
  shape: readonly number[],
  axis: number | undefined,
  options: LogitsOptions,
): MapReading | undefined {
  const [n, first, second] = shape as [number, number, number];
  const last = placesOf(first, options);
  const middle = placesOf(second, options);
  const candidates: MapReading[] = [
    ...(last && axis !== 1
      ? [{ layout: "nhwc" as const, shape: [n, ...last, second] as const, form: flatForm(last, "(h·w)×K") }]
      : []),
    ...(middle && axis !== 2
      ? [
          {
            layout: "nchw" as const,
            shape: [n, first, ...middle] as const,
            form: flatForm(middle, "K×(h·w)"),
          },
        ]
      : []),
  ].filter(({ shape: full, layout }) => isMap(full, layout, options));
  const exact = candidates.filter(({ shape: full, layout }) => hasSize(full, layout, options));
  const wanted = exact.length > 0 ? exact : candidates;
  return wanted.find(({ layout }) => layout === options.layout) ?? wanted[0];
}

function flatForm([h, w]: readonly [number, number], form: string): string {
  return `N×${form} with ${h}×${w} places`;
}

/** Height and width of a map of `count` places: those of the image, divided by a whole number. */
function placesOf(count: number, { height, width }: LogitsOptions): readonly [number, number] | undefined {
  const part = Math.sqrt((height * width) / count);
  const whole = Number.isInteger(part) && height % part === 0 && width % part === 0;
  return whole ? [height / part, width / part] : undefined;
}

function noMap(name: string, shape: readonly number[], options: LogitsOptions): SeawallError {
  const found = `output "${name}" [${shape.join(", ")}]`;
  if (shape.length !== 4) {
    return new SeawallError(
      "model",
      `${found} is no map of an image of ${options.height}×${options.width} (height×width); logits N×K×h×w or N×h×w×K are needed`,
    );
  }
  return new SeawallError(
    "model",
    `${found} is no map of an image of ${options.height}×${options.width} (height×width)` +
      `${options.classes === undefined ? "" : ` with ${options.classes} classes`}; give --layout, --classes or another --output`,
  );
}

function classAxis(ending: Node, rank: number): number | undefined {
  if (!["Softmax", "LogSoftmax", "ArgMax"].includes(ending.op)) return undefined;
  const axis = attribute.int(ending, "axis", ending.op === "ArgMax" ? 0 : -1);
  return axis < 0 ? axis + rank : axis;
}

/** Channels, height and width of a shape read in a layout. */
function readAs(shape: readonly number[], layout: ImageLayout): readonly [number, number, number] {
  return layout === "nchw" ? [shape[1]!, shape[2]!, shape[3]!] : [shape[3]!, shape[1]!, shape[2]!];
}

function hasSize(shape: readonly number[], layout: ImageLayout, { height, width }: LogitsOptions): boolean {
  const [, h, w] = readAs(shape, layout);
  return h === height && w === width;
}

/** True if the shape, read in this layout, has the image's proportions and the wanted number of classes. */
function isMap(
  shape: readonly number[],
  layout: ImageLayout,
  { height, width, classes }: LogitsOptions,
): boolean {
  const [k, h, w] = readAs(shape, layout);
  if (classes !== undefined && k !== classes && !(k === 1 && classes === 2)) return false;
  return Math.abs(h * width - w * height) <= Math.max(height, width);
}

/** Appends what makes N×K×H×W logits of the image's size out of those the model has. */
export function normalizeLogits(
  build: GraphBuilder,
  logits: Logits,
  size: { readonly height: number; readonly width: number },
): { value: Value; notices: string[] } {
  return build.within("seawall/logits", () => {
    const { shape, layout } = logits;
    const value = logits.form === undefined ? logits.value : build.reshape(logits.value, shape);
    const first = layout === "nchw" ? value : build.transpose(value, [0, 3, 1, 2]);
    const two = logits.binary ? build.concat([build.mul(first, 0), first], 1) : first;
    const [batch] = shape;
    const [, h, w] = readAs(shape, layout);
    if (h === size.height && w === size.width) return { value: two, notices: [] };
    // Sizes, not scales: a float32 ratio such as 473 / 59 can give one row too few.
    const sizes = build.ints([batch, logits.classes, size.height, size.width]);
    const resized = build.op("Resize", [two, "", "", sizes], {
      mode: "linear",
      coordinate_transformation_mode: "half_pixel",
    });
    return {
      value: resized,
      notices: [
        `logits of ${h}×${w} are resized to the image's ${size.height}×${size.width} (height×width, bilinear)`,
      ],
    };
  });
}
