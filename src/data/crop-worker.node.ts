/** A worker's side of a crop source: makes the crops it is asked for, in order. */
import { parentPort, workerData } from "node:worker_threads";
import { invariant, messageOf, SeawallError } from "../base/index.js";
import type { CropOrder, CropReply } from "./crop-thread.node.js";
import { type CropSettings, localCrops } from "./crops.node.js";

invariant(parentPort, "the worker of a crop source was started as a program");
const port = parentPort;
const source = localCrops(workerData as CropSettings);

port.on("message", (order: CropOrder) => {
  if (order === "end") void source.dispose().then(() => port.close());
  else void make(order);
});

async function make({ id, request }: Exclude<CropOrder, "end">): Promise<void> {
  try {
    const crop = await source.crop(request);
    const reply: CropReply = { kind: "done", id, crop };
    port.postMessage(reply, [crop.image.buffer, crop.labels.buffer]);
  } catch (error) {
    const code = error instanceof SeawallError ? { code: error.code } : {};
    const reply: CropReply = { kind: "failed", id, ...code, message: messageOf(error) };
    port.postMessage(reply);
  }
}
