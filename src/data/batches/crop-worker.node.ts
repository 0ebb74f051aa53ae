/** The worker's side of a crop source: answers requests for crops in order. */
import { workerData } from "node:worker_threads";
import { serveThread } from "../../base/index.node.js";
import { type Crop, type CropRequest, type CropSettings, localCrops } from "./crops.node.js";

const source = localCrops(workerData as CropSettings);

serveThread<CropRequest, Crop>({
  reply: (request) => source.crop(request),
  transfer: ({ image, labels }) => [image.buffer, labels.buffer],
  dispose: () => source.dispose(),
});
