/** A crop source in a thread of its own. */
import { Worker } from "node:worker_threads";
import { type ErrorCode, SeawallError } from "../base/index.js";
import type { Crop, CropRequest, CropSettings, CropSource } from "./crops.node.js";

/** To the worker: make a crop; or end after the one in progress. */
export type CropOrder = { readonly id: number; readonly request: CropRequest } | "end";

/** From the worker: a crop, or why there is none. */
export type CropReply =
  | { readonly kind: "done"; readonly id: number; readonly crop: Crop }
  | { readonly kind: "failed"; readonly id: number; readonly code?: ErrorCode; readonly message: string };

interface Waiting {
  resolve(crop: Crop): void;
  reject(error: unknown): void;
}

/** Starts a worker; its crops are those of `localCrops`, made beside the calling thread. */
export function threadCrops(settings: CropSettings): CropSource {
  const worker = new Worker(new URL("./crop-worker.node.js", import.meta.url), { workerData: settings });
  const waiting = new Map<number, Waiting>();
  const ended = settle(worker, waiting);
  let isOver = false;
  void ended.then(() => {
    isOver = true;
  });
  let orders = 0;
  const post = (order: CropOrder) => worker.postMessage(order);
  return {
    crop(request) {
      if (isOver) return Promise.reject(endedEarly());
      return new Promise((resolve, reject) => {
        const id = orders++;
        waiting.set(id, { resolve, reject });
        post({ id, request });
      });
    },
    async dispose() {
      post("end");
      await ended;
    },
  };
}

/** Answers those who wait as replies come in; the promise is kept when the worker has ended. */
function settle(worker: Worker, waiting: Map<number, Waiting>): Promise<void> {
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (reply: CropReply) => {
    const request = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.kind === "done") request?.resolve(reply.crop);
    else request?.reject(errorOf(reply));
  });
  worker.on("error", failAll);
  return new Promise((resolve) => {
    worker.on("exit", () => {
      failAll(endedEarly());
      resolve();
    });
  });
}

function endedEarly(): Error {
  return new Error("internal: the worker of a crop source ended too early");
}

function errorOf({ code, message }: CropReply & { readonly kind: "failed" }): Error {
  return code ? new SeawallError(code, message) : new Error(message);
}
