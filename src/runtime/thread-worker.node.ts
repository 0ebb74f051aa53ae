/** A worker's side of a session in a thread of its own. */
import { workerData } from "node:worker_threads";
import { engine } from "#engine";
import { serveThread } from "../base/index.node.js";
import { isList, type Tensors } from "./session.js";
import { fill, Store } from "./store.js";
import type { ThreadReply, ThreadRequest, ThreadStart } from "./thread.node.js";

const { model, options } = workerData as ThreadStart;
const session = engine.open(model, options);
// If the engine refuses the graph, the first request, which awaits the session, is rejected.
session.catch(() => {});

/** The engine takes no shared memory. */
const ownStore = () => new Store((bytes) => new ArrayBuffer(bytes));
const [keeping, given, found] = [ownStore(), ownStore(), ownStore()];
let kept: Tensors = {};

serveThread<ThreadRequest, ThreadReply>({ reply, dispose: async () => (await session).dispose() });

async function reply(request: ThreadRequest): Promise<ThreadReply> {
  const opened = await session;
  if (request.kind === "open") return { outputTypes: opened.outputTypes };
  if (request.kind === "keep") {
    kept = { ...kept, ...keeping.copy(request.feeds) };
    return {};
  }
  const { feeds, fetches } = request;
  const inputs = { ...kept, ...given.copy(feeds) };
  if (!fetches || isList(fetches)) return { results: await opened.run(inputs, fetches) };
  fill(fetches, await opened.run(inputs, found.like(fetches)));
  return {};
}
