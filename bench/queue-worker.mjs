/** A worker of `bench/queue.mjs`: replies to a request after the time that the setup names, with a point of its size. */
import { setTimeout as sleep } from "node:timers/promises";
import { attackAsAsked, outcomeAsSent } from "../dist/evaluate/queue/messages.js";
import { parseQueueAddress } from "../dist/queue/index.js";
import { serveQueue } from "../dist/queue/index.node.js";

const stop = new AbortController();
process.on("SIGTERM", () => stop.abort());

/** A record that is possible: no pixel is labelled. */
function recordOf({ id, index, hash, height, width }, { attack, eps }) {
  return {
    ...{ image: id, index, hash, eps, attack, accuracy: null, pixels: height * width, correct: 0, valid: 0 },
    ...{
      intersection: [0],
      union: [0],
      labels: [0],
      forward: 0,
      backward: 0,
      seconds: 0,
      step: 0,
      maxDelta: 0,
    },
  };
}

await serveQueue(parseQueueAddress(process.argv[2]), {
  ...{ patience: 30, signal: stop.signal, tell() {} },
  prepare: async ({ head }) => ({
    parallel: 1,
    async answer(request) {
      const { sample, slot } = attackAsAsked(request);
      await sleep(1000 * head.seconds);
      const { labels, image } = sample;
      return outcomeAsSent({
        record: recordOf(sample, slot),
        point: { pixels: image.data, classes: labels, labels },
      });
    },
    async dispose() {},
  }),
});
