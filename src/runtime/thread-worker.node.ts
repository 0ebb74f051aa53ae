/** The worker's side of a session in a worker thread. */
import { workerData } from "node:worker_threads";
import { ortEngine } from "#engine";
import { serveThread } from "../base/index.node.js";
import { isNameList, type Tensors } from "./session.js";
import { copyInto, Store } from "./store.js";
import type { ThreadReply, ThreadRequest, ThreadStart } from "./thread.node.js";

const { model, options } = workerData as ThreadStart;
const session = ortEngine.open(model, options);
// The first request waits for the session, and reports its error.
session.catch(() => {});

/** The engine refuses tensors in shared memory. */
const ownStore = () => new Store((bytes) => new ArrayBuffer(bytes));
const [keeping, given, found] = [ownStore(), ownStore(), ownStore()];
let kept: Tensors = {};

serveThread<ThreadRequest, ThreadReply>({ reply, dispose: async () => (await session).dispose() });

async function reply(request: ThreadRequest): Promise<ThreadReply> {
  const opened = await session;
  if (request.kind === "open") {
    const { outputTypes, outputShapes } = opened;
    return { outputs: { outputTypes, outputShapes } };
  }
  if (request.kind === "keep") {
    kept = { ...kept, ...keeping.copy(request.feeds) };
    return {};
  }
  const { feeds, fetches } = request;
  const inputs = { ...kept, ...given.copy(feeds) };
  if (!fetches || isNameList(fetches)) return { results: await opened.run(inputs, fetches) };
  copyInto(fetches, await opened.run(inputs, found.like(fetches)));
  return {};
}
