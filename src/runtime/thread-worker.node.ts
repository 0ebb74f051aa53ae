/** A worker's side of a session in a thread of its own. */
import { parentPort, workerData } from "node:worker_threads";
import { engine } from "#engine";
import { invariant, messageOf, SeawallError, type Tensor } from "../base/index.js";
import type { ThreadOrder, ThreadReply, ThreadStart } from "./thread.node.js";

invariant(parentPort, "the worker of a session was started as a program");
const port = parentPort;
const { model, options } = workerData as ThreadStart;
const session = engine.open(model, options);
let kept: Readonly<Record<string, Tensor>> = {};

void answer(async () => ({ kind: "open", outputTypes: (await session).outputTypes }));

port.on("message", (order: ThreadOrder) => {
  if (order.kind === "keep") kept = { ...kept, ...order.feeds };
  else if (order.kind === "end") void end();
  else void answer(() => run(order));
});

async function run({ feeds, wanted }: ThreadOrder & { readonly kind: "run" }): Promise<ThreadReply> {
  return { kind: "done", results: await (await session).run({ ...kept, ...feeds }, wanted) };
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
