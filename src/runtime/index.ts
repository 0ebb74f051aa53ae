/** The engine: graphs go in, sessions come out. */
import { ortEngine } from "#engine";
import { detachModel, type Graph } from "../onnx/index.js";
import type { DeviceInfo, Session, SessionOptions } from "./session.js";

export type { Device, DeviceInfo, Fetches, Session, SessionOptions, Tensors } from "./session.js";

/**
 * Loads a graph into the engine.
 * @throws SeawallError `model` if the engine refuses the graph, with the engine's message
 */
export function openSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  return ortEngine.open(detachModel(graph), { label: graph.file ?? graph.name, ...options });
}

/** The devices that the engine knows on this machine. */
export function devices(): readonly DeviceInfo[] {
  return ortEngine.devices();
}

/**
 * Bytes of memory that this process may have: those of the machine or its container, or fewer by SEAWALL_MEMORY.
 * @throws SeawallError `usage` if that variable is no amount of memory
 */
export function machineMemory(): number {
  return ortEngine.memory();
}

/** The number of threads, or of workers, above which more only wait for one another: four for each processor. */
export const mostThreads = ortEngine.mostThreads;

/** What is said of a setting above `mostThreads`; empty if it is not. */
export function threadNotices(setting: string, wanted: number | undefined): string[] {
  if (wanted === undefined || wanted <= mostThreads) return [];
  return [
    `${setting} ${wanted}: more than this machine can use; ${mostThreads} are used, four for each processor`,
  ];
}

/** The engine's name and version, recorded with every result. */
export const engineVersion = { name: ortEngine.name, version: ortEngine.version };
