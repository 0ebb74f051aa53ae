/** What a loaded graph can do, whichever engine runs it. */
import type { DataType, Tensor } from "../base/index.js";

export type Device = "cpu" | "cuda" | "webgpu";

export interface SessionOptions {
  /** Default `cpu`. */
  readonly device?: Device;
  /** Threads within an operator; default: the engine's choice. */
  readonly threads?: number;
  /** `none` runs the graph as written; default `all`. */
  readonly optimization?: "none" | "all";
  /** Names the graph in messages. */
  readonly label?: string;
}

/** Tensors by the names of a graph's inputs or outputs. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Which outputs of a run are wanted; tensors are filled, names get new ones. */
export type Fetches = readonly string[] | Tensors;

export const isList = (fetches: Fetches): fetches is readonly string[] => Array.isArray(fetches);

/** A graph loaded into the engine. Runs block the calling thread until they end. */
export interface Session {
  /** Element types of the graph's outputs, as the engine inferred them. */
  readonly outputTypes: ReadonlyMap<string, DataType>;
  /**
   * Runs the graph; `fetches` names the outputs wanted (default: all), or gives tensors of the right type and shape
   * that they are written into. Feeds are read, never written.
   */
  run(feeds: Tensors, fetches?: Fetches): Promise<Record<string, Tensor>>;
  dispose(): Promise<void>;
}

/** A device that the engine can use on this machine. */
export interface DeviceInfo {
  readonly device: Device;
  /** Whether what the engine needs for it came with the package. */
  readonly bundled: boolean;
}

/** The engine: the one thing that computes. */
export interface Engine {
  readonly name: string;
  readonly version: string;
  open(model: Uint8Array, options: SessionOptions): Promise<Session>;
  devices(): readonly DeviceInfo[];
}
