/** The interface of sessions and engines. */
import type { DataType, Tensor } from "../base/index.js";
import type { DetachedModel } from "../onnx/index.js";

export type Device = "cpu" | "cuda" | "webgpu";

export interface SessionOptions {
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads within an operator; default: the engine's choice. Above `mostThreads`, `mostThreads`. */
  readonly threads?: number;
  /** The engine's own rewriting: `none` runs the graph as written; default `all`. */
  readonly optimization?: "none" | "all";
  /** Keep a run's memory for the next one; default true. Otherwise sessions that take turns do not add up. */
  readonly arena?: boolean;
  /** Compute nodes of the same operator and inputs once; default true. */
  readonly mergeCommon?: boolean;
  /** Names the graph in messages. */
  readonly label?: string;
}

/** Tensors by the names of a graph's inputs or outputs. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** The outputs wanted of a run: names, for which new tensors are made, or tensors, which are filled. */
export type Fetches = readonly string[] | Tensors;

export const isNameList = (fetches: Fetches): fetches is readonly string[] => Array.isArray(fetches);

/** A graph loaded into the engine. A run blocks the calling thread until it ends. */
export interface Session {
  /** Element types of the graph's outputs, as the engine inferred them. */
  readonly outputTypes: ReadonlyMap<string, DataType>;
  /** Shapes of the graph's outputs as far as the engine inferred them on loading; a name stands for an open length. */
  readonly outputShapes: ReadonlyMap<string, readonly (number | string)[]>;
  /**
   * Runs the graph.
   * @param feeds one tensor for each input; never written to
   * @param fetches the outputs wanted (default: all), or tensors of their types and shapes that are filled
   * @throws SeawallError `model` with the engine's message
   */
  run(feeds: Tensors, fetches?: Fetches): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

/** A device that the engine can use on this machine. */
export interface DeviceInfo {
  readonly device: Device;
  /** Whether the libraries for this device came with the package. */
  readonly bundled: boolean;
}

/** An engine: it loads graphs and runs them. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  /** Bytes of memory that this process may have. */
  memory(): number;
  /** More threads than this only wait for one another. */
  readonly mostThreads: number;
  open(model: DetachedModel, options: SessionOptions): Promise<Session>;
  devices(): readonly DeviceInfo[];
}
