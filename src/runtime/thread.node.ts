/** A session in a thread of its own: its runs block nobody, so that several sessions run side by side. */
import { Worker } from "node:worker_threads";
import { type ErrorCode, SeawallError } from "../base/index.js";
import { type Graph, writeModel } from "../onnx/index.js";
import { type Fetches, isList, type Session, type SessionOptions, type Tensors } from "./session.js";
import { fill, Store } from "./store.js";

/** What a worker begins with. */
export interface ThreadStart {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
}

/** To the worker: keep these feeds for all later runs; run, and fill or return these outputs; end. */
export type ThreadOrder =
  | { readonly kind: "keep"; readonly feeds: Tensors }
  | { readonly kind: "run"; readonly feeds: Tensors; readonly fetches: Fetches | undefined }
  | { readonly kind: "end" };

/** From the worker, one for the start and one for each order but the last, in turn. */
export type ThreadReply =
  | { readonly kind: "open"; readonly outputTypes: Session["outputTypes"] }
  | { readonly kind: "done"; readonly results?: Tensors }
  | { readonly kind: "failed"; readonly code?: ErrorCode; readonly message: string };

/** A session whose runs wait for one another. */
export interface ThreadSession extends Session {
  /** Copies feeds into the thread, where they serve every later run until others of their names replace them. */
  keep(feeds: Tensors): Promise<void>;
}

interface Waiting {
  resolve(reply: Exclude<ThreadReply, { kind: "failed" }>): void;
  reject(error: unknown): void;
}

/**
 * Loads a graph into an engine in a new thread. Feeds and results are copied through memory that both share.
 * @throws SeawallError `model` with the engine's own words if it refuses the graph.
 */
export async function openThreadSession(graph: Graph, options: SessionOptions = {}): Promise<ThreadSession> {
  const workerData: ThreadStart = { model: writeModel(graph), options: { label: graph.name, ...options } };
  const worker = new Worker(new URL("./thread-worker.node.js", import.meta.url), { workerData });
  const waiting: Waiting[] = [];
  const ended = settle(worker, waiting);
  const next = () => new Promise<ThreadReply>((resolve, reject) => waiting.push({ resolve, reject }));
  const post = (order: ThreadOrder) => worker.postMessage(order);
  const [given, found] = [sharedStore(), sharedStore()];
  const inTurn = queue();
  const end = () => {
    post({ kind: "end" });
    return ended;
  };
  const opened = await next().catch(async (error) => {
    await end();
    throw error;
  });
  return {
    outputTypes: opened.kind === "open" ? opened.outputTypes : new Map(),
    keep: (feeds) =>
      inTurn(async () => {
        post({ kind: "keep", feeds: given.copy(feeds) });
        await next();
      }),
    run: (feeds, fetches) =>
      inTurn(async () => {
        const wanted = fetches && !isList(fetches) ? found.like(fetches) : fetches;
        post({ kind: "run", feeds: given.copy(feeds), fetches: wanted });
        const reply = await next();
        if (!fetches || isList(fetches)) return { ...(reply.kind === "done" && reply.results) };
        fill(fetches, wanted as Tensors);
        return { ...fetches };
      }),
    dispose: end,
  };
}

const sharedStore = () => new Store((bytes) => new SharedArrayBuffer(bytes));

/** Each call begins when the one before has ended. */
function queue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(task: () => Promise<T>): Promise<T> => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
}

/** Answers those who wait as replies come in; the promise is kept when the worker has ended. */
function settle(worker: Worker, waiting: Waiting[]): Promise<void> {
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.splice(0)) reject(error);
  };
  worker.on("message", (reply: ThreadReply) => {
    const request = waiting.shift();
    if (reply.kind !== "failed") request?.resolve(reply);
    else request?.reject(reply.code ? new SeawallError(reply.code, reply.message) : new Error(reply.message));
  });
  worker.on("error", failAll);
  return new Promise((resolve) => {
    worker.on("exit", () => {
      failAll(new Error("internal: the thread of a session ended too early"));
      resolve();
    });
  });
}
