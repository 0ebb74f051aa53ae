/**
 * Loaded before the program (`node --import`), in its main thread and in every worker. Writes each model that ONNX
 * Runtime opens as text to SEAWALL_DUMP_GRAPHS/HASH.txt, and one line per session to a file of this thread.
 * SEAWALL_DUMP_PROGRAM is the program's folder, from which the patched engine is resolved.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { threadId } from "node:worker_threads";
import { hashText, modelText } from "./graph-text.mjs";

const folder = process.env.SEAWALL_DUMP_GRAPHS;
const { InferenceSession } = createRequire(join(process.env.SEAWALL_DUMP_PROGRAM, "index.js"))(
  "onnxruntime-node",
);
const create = InferenceSession.create;
/** Hashes of texts by hashes of files, since sessions are often opened from the same file. */
const seen = new Map();

InferenceSession.create = function (model, ...rest) {
  record(
    modelBytes(model, rest),
    rest.find((value) => value && !isBuffer(value) && typeof value === "object"),
  );
  return create.call(this, model, ...rest);
};

const isBuffer = (value) =>
  ArrayBuffer.isView(value) || value instanceof ArrayBuffer || value instanceof SharedArrayBuffer;

/** `create` takes a path, a Uint8Array, or a buffer with an optional offset and length. */
function modelBytes(model, [offset, length]) {
  if (typeof model === "string") return readFileSync(model);
  if (ArrayBuffer.isView(model)) return new Uint8Array(model.buffer, model.byteOffset, model.byteLength);
  return typeof offset === "number" ? new Uint8Array(model, offset, length) : new Uint8Array(model);
}

function record(bytes, options = {}) {
  const file = createHash("sha256").update(bytes).digest("hex");
  if (!seen.has(file)) seen.set(file, writeText(modelText(bytes)));
  const session = { hash: seen.get(file), optimization: options.graphOptimizationLevel ?? "default" };
  appendFileSync(join(folder, `sessions-${process.pid}-${threadId}.jsonl`), `${JSON.stringify(session)}\n`);
}

function writeText(text) {
  const hash = hashText(text);
  const path = join(folder, `${hash}.txt`);
  if (!existsSync(path)) writeFileSync(path, text);
  return hash;
}
