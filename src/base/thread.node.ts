/** Threads that answer requests: the owner's side (`openThread`) and the thread's side (`serveThread`). */
import { parentPort, Worker } from "node:worker_threads";
import { type ErrorCode, invariant, messageOf, SeawallError } from "./errors.js";

/** A message without a reply, in either direction. */
interface Notice {
  readonly kind: "notice";
  readonly notice: string;
}

/** Messages from the owner; `end` asks the thread to dispose of everything and to end. */
type ToThread<Request> =
  | { readonly kind: "request"; readonly id: number; readonly request: Request }
  | Notice
  | { readonly kind: "end" };

/** Messages from the thread: the reply or the failure of the request with the same `id`, or a notice. */
type FromThread<Reply> =
  | { readonly kind: "reply"; readonly id: number; readonly reply: Reply }
  | { readonly kind: "failed"; readonly id: number; readonly code?: ErrorCode; readonly message: string }
  | Notice;

/** A thread, as its owner sees it. */
export interface Thread<Request, Reply> {
  /**
   * Sends a request. Requests are delivered in order; several may be under way at once.
   * @throws (rejects) SeawallError with the code and message of one thrown in the thread; Error with the message
   * of any other, and `internal: …` if the thread ended before it replied
   */
  request(body: Request): Promise<Reply>;
  /** Sends a notice, which has no reply. */
  notify(notice: string): void;
  /**
   * Asks the thread to end; fulfilled when it has. The thread is never terminated, because that would end the
   * whole process while ONNX Runtime is running in it.
   */
  end(): Promise<void>;
}

interface Waiting<Reply> {
  resolve(reply: Reply): void;
  reject(error: unknown): void;
}

/**
 * Starts a thread whose program calls `serveThread`.
 * @param name the thread's name in messages
 * @param workerData passed to the program
 * @param onNotice called with each notice from the thread
 */
export function openThread<Request, Reply>(
  name: string,
  program: URL,
  workerData: unknown,
  onNotice?: (notice: string) => void,
): Thread<Request, Reply> {
  const worker = new Worker(program, { workerData });
  const waiting = new Map<number, Waiting<Reply>>();
  const post = (message: ToThread<Request>) => worker.postMessage(message);
  let isOver = false;
  const endedEarly = () => new Error(`internal: the thread of ${name} ended too early`);
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (message: FromThread<Reply>) => {
    if (message.kind === "notice") return onNotice?.(message.notice);
    const request = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "reply") request?.resolve(message.reply);
    else request?.reject(errorOf(message));
  });
  worker.on("error", failAll);
  const ended = new Promise<void>((resolve) => {
    worker.on("exit", () => {
      isOver = true;
      failAll(endedEarly());
      resolve();
    });
  });
  let requests = 0;
  return {
    request(request) {
      if (isOver) return Promise.reject(endedEarly());
      return new Promise((resolve, reject) => {
        const id = requests++;
        waiting.set(id, { resolve, reject });
        post({ kind: "request", id, request });
      });
    },
    notify: (notice) => post({ kind: "notice", notice }),
    end() {
      post({ kind: "end" });
      return ended;
    },
  };
}

function errorOf({ code, message }: { readonly code?: ErrorCode; readonly message: string }): Error {
  return code ? new SeawallError(code, message) : new Error(message);
}

/** The functions of a thread's program. */
export interface ThreadProgram<Request, Reply> {
  /** Anything thrown here rejects the owner's request. */
  reply(request: Request): Reply | Promise<Reply>;
  /** Buffers of a reply that are moved to the owner instead of copied. */
  transfer?(reply: Reply): readonly ArrayBuffer[];
  onNotice?(notice: string): void;
  /** Called once before the thread ends; errors are ignored. */
  dispose(): Promise<void>;
}

/**
 * Replies to the owner's requests until the owner ends the thread.
 * @returns a function that sends a notice to the owner
 */
export function serveThread<Request, Reply>(
  program: ThreadProgram<Request, Reply>,
): (notice: string) => void {
  invariant(parentPort, "the program of a thread was started by itself");
  const port = parentPort;
  const post = (message: FromThread<Reply>, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  const serve = async (id: number, request: Request) => {
    try {
      const reply = await program.reply(request);
      post({ kind: "reply", id, reply }, program.transfer?.(reply));
    } catch (error) {
      const code = error instanceof SeawallError ? { code: error.code } : {};
      post({ kind: "failed", id, ...code, message: messageOf(error) });
    }
  };
  const end = async () => {
    await program.dispose().catch(() => {});
    // An open port is all that keeps the thread alive.
    port.close();
  };
  port.on("message", (message: ToThread<Request>) => {
    if (message.kind === "request") void serve(message.id, message.request);
    else if (message.kind === "notice") program.onNotice?.(message.notice);
    else void end();
  });
  return (notice) => post({ kind: "notice", notice });
}
