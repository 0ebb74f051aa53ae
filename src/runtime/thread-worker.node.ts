/** A worker's side of a session in a thread of its own. */
import { workerData } from "node:worker_threads";
import { engine } from "#engine";
import { serveThread } from "../base/index.node.js";
import { isList, type Tensors } from "./session.js";
import { fill, Store } from "./store.js";
import type { ThreadAnswer, ThreadOrder, ThreadStart } from "./thread.node.js";

const { model, options } = workerData as ThreadStart;
const session = engine.open(model, options);
// An engine that refuses the graph says so with the first order, which waits for it.
session.catch(() => {});

/** The engine takes no shared memory. */
const ownStore = () => new Store((bytes) => new ArrayBuffer(bytes));
const [keeping, given, found] = [ownStore(), ownStore(), ownStore()];
let kept: Tensors = {};

serveThread<ThreadOrder, ThreadAnswer>({ answer, dispose: async () => (await session).dispose() });

async function answer(order: ThreadOrder): Promise<ThreadAnswer> {
  const opened = await session;
  if (order.kind === "open") return { outputTypes: opened.outputTypes };
  if (order.kind === "keep") {
    kept = { ...kept, ...keeping.copy(order.feeds) };
    return {};
  }
  const { feeds, fetches } = order;
  const inputs = { ...kept, ...given.copy(feeds) };
  if (!fetches || isList(fetches)) return { results: await opened.run(inputs, fetches) };
  fill(fetches, await opened.run(inputs, found.like(fetches)));
  return {};
}
