/** The golden files of tools/weights_golden.py, and values in the form of their expected.json. */
import { readdirSync, readFileSync } from "node:fs";
import { PickledObject, type PickleValue } from "../../src/weights/index.js";

const folder = new URL("../golden/weights/", import.meta.url);

/** Names of the golden files. */
export const goldenNames = readdirSync(folder).filter((name) => !name.endsWith(".json"));

/** The expected content of each file, except of those that must be refused. */
export const expected: Record<string, unknown> = JSON.parse(
  readFileSync(new URL("expected.json", folder), "utf8"),
);

export function golden(name: string): Uint8Array {
  return readFileSync(new URL(name, folder));
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

/** A value in the form of expected.json. */
export function described(value: PickleValue): unknown {
  if (typeof value === "bigint") return { bigint: String(value) };
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Map) return { dict: [...value].map(([key, item]) => [key, described(item)]) };
  if (Array.isArray(value)) return { list: value.map(described) };
  if (value instanceof Uint8Array) return { bytes: hex(value) };
  if (value instanceof PickledObject) return describedObject(value);
  if (!("dims" in value)) throw new Error("neither tensor nor container");
  const { buffer, byteOffset, byteLength } = value.data as Uint8Array;
  return { type: value.type, dims: value.dims, hex: hex(new Uint8Array(buffer, byteOffset, byteLength)) };
}

function describedObject({ global, state }: PickledObject): unknown {
  return state === undefined ? { global } : { global, state: described(state) };
}
