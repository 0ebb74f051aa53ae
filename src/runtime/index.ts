/** The engine's room: graphs go in, sessions come out. */
import { engine } from "#engine";
import { type Graph, writeModel } from "../onnx/index.js";
import type { DeviceInfo, Session, SessionOptions } from "./session.js";

export type { Device, DeviceInfo, Fetches, Session, SessionOptions, Tensors } from "./session.js";

/**
 * Loads a graph into the engine.
 * @throws SeawallError `model` with the engine's own words if it refuses the graph.
 */
export function openSession(graph: Graph, options: SessionOptions = {}): Promise<Session> {
  return engine.open(writeModel(graph), { label: graph.name, ...options });
}

/** The devices that the engine knows on this machine. */
export function devices(): readonly DeviceInfo[] {
  return engine.devices();
}

/** The engine's name and version, recorded with every result. */
export const engineVersion = { name: engine.name, version: engine.version };
