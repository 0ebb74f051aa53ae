/** The program of the threads in thread.test.ts. It needs the built package: a worker cannot load TypeScript. */
import { workerData } from "node:worker_threads";
import { SeawallError } from "../../dist/base/index.js";
import { serveThread } from "../../dist/base/index.node.js";

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
const received = [];
const notices = [];

/** Replies by the kind of the request. */
const replies = {
  echo: ({ value }) => ({ value, started: workerData }),
  later: async ({ value, milliseconds }) => {
    await pause(milliseconds);
    return value;
  },
  received: () => [...received],
  notices: () => [...notices],
  fail: () => {
    throw new RangeError("out of range");
  },
  failSeawall: async () => {
    await pause(1);
    throw new SeawallError("data", "images: no such folder");
  },
  uncloneable: () => () => {},
  bytes: ({ length }) => new Uint8Array(length).fill(7),
  notify: ({ notice }) => notify(notice),
  exit: () => process.exit(3),
  crash: async () => {
    setTimeout(() => {
      throw new Error("crashed outside of any request");
    });
    await pause(60_000);
  },
  never: () => pause(60_000),
};

const notify = serveThread({
  reply: (request) => {
    received.push(request.kind);
    return replies[request.kind](request);
  },
  transfer: (reply) => (reply instanceof Uint8Array ? [reply.buffer] : []),
  onNotice: (notice) => notices.push(notice),
  dispose: async () => {
    notify(`disposed after ${received.length} requests`);
    if (workerData === "dispose fails") throw new Error("nobody hears this");
  },
});
