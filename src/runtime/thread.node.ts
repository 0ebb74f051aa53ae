/** A session in a worker thread: its runs do not block the caller, so that several sessions run side by side. */
import { invariant } from "../base/index.js";
import { openThread } from "../base/index.node.js";
import { type DetachedModel, detachModel, type Graph } from "../onnx/index.js";
import { type Fetches, isNameList, type Session, type SessionOptions, type Tensors } from "./session.js";
import { copyInto, Store } from "./store.js";
import { turns } from "./turns.js";

/** The data that a worker thread starts with. */
export interface ThreadStart {
  readonly model: DetachedModel;
  readonly options: SessionOptions;
}

/** `open` asks for types and shapes of the outputs, `keep` keeps feeds for all later runs, `run` runs and fills or returns outputs. */
export type ThreadRequest =
  | { readonly kind: "open" }
  | { readonly kind: "keep"; readonly feeds: Tensors }
  | { readonly kind: "run"; readonly feeds: Tensors; readonly fetches: Fetches | undefined };

/** Outputs to be filled lie in memory that both threads share, and are not part of the reply. */
export interface ThreadReply {
  readonly outputs?: Pick<Session, "outputTypes" | "outputShapes">;
  readonly results?: Tensors;
}

/** A session in a worker thread. Runs are queued. */
export interface ThreadSession extends Session {
  /** Copies feeds into the worker thread, where every later run reads them until they are kept anew. */
  keep(feeds: Tensors): Promise<void>;
}

/**
 * Loads a graph into an engine in a new worker thread. Feeds and results are copied through shared memory.
 * @throws SeawallError `model` if the engine refuses the graph, with the engine's message
 */
export async function openThreadSession(graph: Graph, options: SessionOptions = {}): Promise<ThreadSession> {
  const workerData: ThreadStart = {
    model: detachModel(graph),
    options: { label: graph.file ?? graph.name, ...options },
  };
  const program = new URL("./thread-worker.node.js", import.meta.url);
  const thread = openThread<ThreadRequest, ThreadReply>("a session", program, workerData);
  const [given, found] = [sharedStore(), sharedStore()];
  const inTurn = turns();
  const { outputs } = await thread.request({ kind: "open" }).catch(async (error) => {
    await thread.end();
    throw error;
  });
  invariant(outputs, "a thread opened a session and does not say its outputs");
  return {
    ...outputs,
    keep: (feeds) =>
      inTurn(async () => void (await thread.request({ kind: "keep", feeds: given.copy(feeds) }))),
    run: (feeds, fetches) =>
      inTurn(async () => {
        const wanted = fetches && !isNameList(fetches) ? found.like(fetches) : fetches;
        const { results } = await thread.request({ kind: "run", feeds: given.copy(feeds), fetches: wanted });
        if (!fetches || isNameList(fetches)) return { ...results };
        copyInto(fetches, wanted as Tensors);
        return { ...fetches };
      }),
    dispose: thread.end,
  };
}

const sharedStore = () => new Store((bytes) => new SharedArrayBuffer(bytes));
