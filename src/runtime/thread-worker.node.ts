/** A worker's side of a session in a thread of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { engine } from "#engine";
import { invariant, messageOf, SeawallError } from "../base/index.js";
import { isList, type Tensors } from "./session.js";
import { fill, Store } from "./store.js";
import type { ThreadOrder, ThreadReply, ThreadStart } from "./thread.node.js";

invariant(parentPort, "the worker of a session was started as a program");
const port = parentPort;
const { model, options } = workerData as ThreadStart;
const session = engine.open(model, options);
/** The engine takes no shared memory. */
const ownStore = () => new Store((bytes) => new ArrayBuffer(bytes));
const [keeping, given, found] = [ownStore(), ownStore(), ownStore()];
let kept: Tensors = {};

void answer(async () => ({ kind: "open", outputTypes: (await session).outputTypes }));

port.on("message", (order: ThreadOrder) => {
  if (order.kind === "end") void end();
  else void answer(async () => (order.kind === "keep" ? keep(order.feeds) : run(order)));
});

function keep(feeds: Tensors): ThreadReply {
  kept = { ...kept, ...keeping.copy(feeds) };
  return { kind: "done" };
}

async function run({ feeds, fetches }: ThreadOrder & { readonly kind: "run" }): Promise<ThreadReply> {
  const inputs = { ...kept, ...given.copy(feeds) };
  if (!fetches || isList(fetches)) {
    return { kind: "done", results: await (await session).run(inputs, fetches) };
  }
  fill(fetches, await (await session).run(inputs, found.like(fetches)));
  return { kind: "done" };
}

async function answer(make: () => Promise<ThreadReply>): Promise<void> {
  try {
    port.postMessage(await make());
  } catch (error) {
    const code = error instanceof SeawallError ? { code: error.code } : {};
    port.postMessage({ kind: "failed", ...code, message: messageOf(error) } satisfies ThreadReply);
  }
}

/** Without its port, the thread has nothing left to wait for. */
async function end(): Promise<void> {
  await session.then((opened) => opened.dispose()).catch(() => {});
  port.close();
}
