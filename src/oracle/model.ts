/** Opened models: a network that sees whole images, or windows of them. */
import { float32, invariant, SeawallError, type Tensor } from "../base/index.js";
import type { Graph } from "../onnx/index.js";
import type { SessionOptions } from "../runtime/index.js";
import { ModelOracle, type OracleForm } from "./answers/model-oracle.js";
import type { Oracle, OracleOptions } from "./answers/oracle.js";
import { WholeAnswers } from "./answers/whole.js";
import { hasFixedSize } from "./input.js";
import { type OpenModelOptions, type PreparedModel, prepareModel } from "./open.js";
import { logitsOfScores } from "./queries.js";
import { WindowAnswers } from "./windows/answers.js";
import {
  type Extent,
  flagText,
  type Sliding,
  usualStride,
  type WindowGrid,
  windowGrid,
} from "./windows/grid.js";
import { Planes } from "./windows/planes.js";

/** A model that is ready to be attacked. */
export interface Model extends OracleForm {
  /** The network, at the images' size or, with a sliding window, at the window's. */
  readonly prepared: PreparedModel;
  /** What one pass of the network sees of an image C·H·W: all of it, or the window in the middle. */
  networkInput(image: Float32Array): Tensor<"float32">;
  oracle(options: OracleOptions): Oracle;
  /** For a quantised model: the one on real numbers that are clipped and not rounded, whose gradient can be checked. */
  readonly smooth?: () => Promise<Model>;
}

/** Options of a model; `size` is that of the images, where the model leaves it open. */
export interface ModelOptions extends OpenModelOptions, Partial<Sliding> {}

/**
 * Opens a model: finds image and logits, fixes every shape, folds constants.
 * @throws SeawallError if the file is no segmentation model that Seawall can attack
 */
export function openModel(
  graph: Graph,
  options: ModelOptions = {},
  engine: SessionOptions = {},
): Promise<Model> {
  return modelOpener({ graph, networks: new Map() }, options, engine).at(options.size);
}

/** A model that is opened at sizes of images, its network once for each size at which that runs. */
export interface ModelOpener {
  /** @throws SeawallError as `openModel` */
  at(size?: Extent): Promise<Model>;
  /** What was opened so far, as data that can be sent to a thread. */
  opened(): Promise<OpenedModel>;
}

/** A model with what was opened of it. */
export interface OpenedModel {
  /** What networks of other sizes are made of; undefined once the only network is known. */
  readonly graph: Graph | undefined;
  readonly networks: OpenedNetworks;
}

/** Networks by the size at which they run, without their functions. */
export type OpenedNetworks = ReadonlyMap<string, Omit<PreparedModel, "smooth" | "rules">>;

/** @param known a model, with the networks that were opened elsewhere with the same options */
export function modelOpener(
  known: OpenedModel,
  { window, stride, ...options }: ModelOptions,
  engine: SessionOptions = {},
): ModelOpener {
  const { rules } = options;
  let { graph } = known;
  const networks = new Map<string, Promise<PreparedModel>>(
    [...known.networks].map(([size, network]) => [
      size,
      Promise.resolve({ ...network, ...(rules && { rules }) }),
    ]),
  );
  const hasOneSize = () => graph === undefined || hasFixedSize(graph, options.inputLayout);
  // Images run one by one: sums over a batch are rounded in another order than sums over an image.
  const make = async (size: Extent | undefined) => {
    invariant(graph, "a model of one size was asked for another network");
    const { height, width } = size ?? {};
    const own = height && width ? { size: { height, width } } : {};
    const network = await prepareModel(graph, { ...options, ...own, batch: 1 });
    // Weights in the form of the file are no longer needed.
    if (hasOneSize()) graph = undefined;
    return network;
  };
  const networkAt = (size: Extent | undefined) => {
    const key = size && !hasOneSize() ? flagText(size) : onlySize;
    const network = networks.get(key) ?? make(size);
    networks.set(key, network);
    return network;
  };
  const opened = async () => ({
    graph,
    networks: new Map(
      await Promise.all([...networks].map(async ([size, network]) => [size, plain(await network)] as const)),
    ),
  });
  if (!window) {
    const at = async (size?: Extent) => {
      const network = await networkAt(size);
      return withSmooth(network, (one) => wholeModel(one, network.notices, engine));
    };
    return { at, opened };
  }
  const sliding = { window, ...(stride && { stride }) };
  const at = async (image?: Extent) => {
    invariant(image, "a sliding window needs the size of the image");
    const grid = windowGrid(image, sliding);
    const network = await networkAt(grid);
    refuseFixedSize(network, grid, image, window);
    const notices = [...network.notices, slidingNotice(sliding, grid, image)];
    // One window that sees all of the image is the image.
    return withSmooth(network, (one) =>
      grid.places.length === 1
        ? wholeModel(one, notices, engine)
        : windowedModel(one, image, grid, notices, engine),
    );
  };
  return { at, opened };
}

/** The key of the network of a model that runs at one size. */
const onlySize = "";

function plain({ smooth: _, rules: __, ...data }: PreparedModel) {
  return data;
}

function withSmooth(network: PreparedModel, modelOf: (network: PreparedModel) => Model): Model {
  const { smooth } = network;
  return { ...modelOf(network), ...(smooth && { smooth: async () => modelOf(await smooth()) }) };
}

function wholeModel(network: PreparedModel, notices: readonly string[], engine: SessionOptions): Model {
  const { classes, channels, height, width } = network;
  const form = { classes, channels, height, width, notices };
  return {
    ...form,
    prepared: network,
    networkInput: (image) => float32([1, channels, height, width], image),
    oracle(options) {
      const own = threadsOf(options, engine);
      return new ModelOracle(form, new WholeAnswers(network, options, own), options, own);
    },
  };
}

function threadsOf({ threads }: OracleOptions, engine: SessionOptions): SessionOptions {
  return threads === undefined ? engine : { ...engine, threads };
}

function windowedModel(
  network: PreparedModel,
  { height, width }: Extent,
  grid: WindowGrid,
  notices: readonly string[],
  options: SessionOptions,
): Model {
  // Sessions on windows, on bands and on whole images take turns. Kept memory would add up.
  const engine = { ...options, arena: false };
  const { channels, classes, scores } = network;
  const form = { classes, channels, height, width, notices };
  const sliding = {
    model: scores ? { ...network, logits: scores.value, differentiated: scores.differentiated } : network,
    image: { height, width },
    grid,
    logitsOfMean: scores && logitsOfScores,
  };
  return {
    ...form,
    prepared: network,
    networkInput(image) {
      const window = new Float32Array(channels * grid.height * grid.width);
      const middle = grid.places[Math.floor(grid.places.length / 2)]!;
      new Planes({ channels, height, width }, height, image).read(grid, middle, window);
      return float32([1, channels, grid.height, grid.width], window);
    },
    oracle(asked) {
      const own = threadsOf(asked, engine);
      return new ModelOracle(form, new WindowAnswers(sliding, asked, own), asked, own);
    },
  };
}

function refuseFixedSize(network: PreparedModel, grid: WindowGrid, image: Extent, window: Extent): void {
  if (network.height === grid.height && network.width === grid.width) return;
  const fits = network.height <= image.height && network.width <= image.width;
  throw new SeawallError(
    "config",
    fits
      ? `--window ${flagText(window)}: the model's input is fixed at ${flagText(network)}; give --window ${flagText(network)}, or export the model with an open size`
      : `an image of ${image.width}×${image.height} pixels (width×height) is smaller than the model's input, which is fixed at ${network.width}×${network.height}; enlarge images with --resize-short ${Math.max(network.height, network.width)}, or export the model with an open size`,
  );
}

/** `windows of 512×512 pixels, one every 341×341: 18 over an image of 2048×1024 (width×height), averaged where they overlap` */
function slidingNotice(
  { window, stride = usualStride(window) }: Sliding,
  grid: WindowGrid,
  image: Extent,
): string {
  const text = ({ height, width }: Extent) => `${width}×${height}`;
  const cut =
    grid.height < window.height || grid.width < window.width
      ? `; they are cut to ${text(grid)}, since the image is smaller`
      : "";
  return `windows of ${text(window)} pixels, one every ${text(stride)}: ${grid.places.length} over an image of ${text(image)} (width×height), averaged where they overlap${cut}`;
}
