/** A crop source in a worker thread. */
import { openThread } from "../../base/index.node.js";
import type { Crop, CropRequest, CropSettings, CropSource } from "./crops.node.js";

/** Starts a worker that makes the same crops as `localCrops`, in parallel with the calling thread. */
export function threadCrops(settings: CropSettings): CropSource {
  const program = new URL("./crop-worker.node.js", import.meta.url);
  const thread = openThread<CropRequest, Crop>("a crop source", program, settings);
  return { crop: thread.request, dispose: thread.end };
}
