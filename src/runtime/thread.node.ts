/** A session in a thread of its own: its runs block nobody, so that several sessions run side by side. */
import { openThread } from "../base/index.node.js";
import { type Graph, writeModel } from "../onnx/index.js";
import { type Fetches, isList, type Session, type SessionOptions, type Tensors } from "./session.js";
import { fill, Store } from "./store.js";

/** The data that a worker starts with. */
export interface ThreadStart {
  readonly model: Uint8Array;
  readonly options: SessionOptions;
}

/**
 * `open`: report the output types. `keep`: use these feeds in all later runs. `run`: fill or return these outputs.
 */
export type ThreadRequest =
  | { readonly kind: "open" }
  | { readonly kind: "keep"; readonly feeds: Tensors }
  | { readonly kind: "run"; readonly feeds: Tensors; readonly fetches: Fetches | undefined };

/** The values of outputs to be filled are in shared memory, not in the reply. */
export interface ThreadReply {
  readonly outputTypes?: Session["outputTypes"];
  readonly results?: Tensors;
}

/** A session whose runs wait for one another. */
export interface ThreadSession extends Session {
  /** Copies feeds into the thread, where they serve every later run until others of their names replace them. */
  keep(feeds: Tensors): Promise<void>;
}

/**
 * Loads a graph into an engine in a new thread. Feeds and results are copied through memory that both share.
 * @throws SeawallError `model` with the engine's own words if it refuses the graph.
 */
export async function openThreadSession(graph: Graph, options: SessionOptions = {}): Promise<ThreadSession> {
  const workerData: ThreadStart = { model: writeModel(graph), options: { label: graph.name, ...options } };
  const program = new URL("./thread-worker.node.js", import.meta.url);
  const thread = openThread<ThreadRequest, ThreadReply>("a session", program, workerData);
  const [given, found] = [sharedStore(), sharedStore()];
  const inTurn = queue();
  const { outputTypes = new Map() } = await thread.request({ kind: "open" }).catch(async (error) => {
    await thread.end();
    throw error;
  });
  return {
    outputTypes,
    keep: (feeds) =>
      inTurn(async () => void (await thread.request({ kind: "keep", feeds: given.copy(feeds) }))),
    run: (feeds, fetches) =>
      inTurn(async () => {
        const wanted = fetches && !isList(fetches) ? found.like(fetches) : fetches;
        const { results } = await thread.request({ kind: "run", feeds: given.copy(feeds), fetches: wanted });
        if (!fetches || isList(fetches)) return { ...results };
        fill(fetches, wanted as Tensors);
        return { ...fetches };
      }),
    dispose: thread.end,
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
