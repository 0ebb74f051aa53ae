/** A crop source in a thread of its own. */
import { openThread } from "../../base/index.node.js";
import type { Crop, CropRequest, CropSettings, CropSource } from "./crops.node.js";

/** Starts a worker; its crops are those of `localCrops`, made beside the calling thread. */
export function threadCrops(settings: CropSettings): CropSource {
  const program = new URL("./crop-worker.node.js", import.meta.url);
  const thread = openThread<CropRequest, Crop>("a crop source", program, settings);
  return { crop: thread.request, dispose: thread.end };
}
