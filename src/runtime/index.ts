/** The engine: graphs go in, sessions come out. */
import { ortEngine } from "#engine";
import { type Graph, writeModel } from "../onnx/index.js";
import type { DeviceInfo, Session, SessionOptions } from "./session.js";

export type { Device, DeviceInfo, Fetches, Session, SessionOptions, Tensors } from "./session.js";

/**
 * Loads a graph into the engine.
 * @throws SeawallError `model` if the engine refuses the graph, with the engine's message
 */
export function openSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  return ortEngine.open(writeModel(graph), { label: graph.file ?? graph.name, ...options });
}

/** The devices that the engine knows on this machine. */
export function devices(): readonly DeviceInfo[] {
  return ortEngine.devices();
}

/** Bytes of memory that this process can have. */
export const machineMemory = ortEngine.memory;

/** The engine's name and version, recorded with every result. */
export const engineVersion = { name: ortEngine.name, version: ortEngine.version };
