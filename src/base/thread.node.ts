/** Threads that take orders: the side that gives them, and the side that carries them out. */
import { parentPort, Worker } from "node:worker_threads";
import { type ErrorCode, invariant, messageOf, SeawallError } from "./errors.js";

/** What wants no answer, in either direction. */
interface Word {
  readonly kind: "word";
  readonly word: string;
}

/** To a thread: carry out an order; or dispose of everything and end. */
type ToThread<O> =
  | { readonly kind: "order"; readonly id: number; readonly order: O }
  | Word
  | { readonly kind: "end" };

/** From a thread: what came of an order. */
type FromThread<A> =
  | { readonly kind: "done"; readonly id: number; readonly answer: A }
  | { readonly kind: "failed"; readonly id: number; readonly code?: ErrorCode; readonly message: string }
  | Word;

/** A thread, as its owner sees it. O are orders, A answers. */
export interface Thread<O, A> {
  /** Rejects with what went wrong there: SeawallErrors with their code, others by their message. */
  ask(order: O): Promise<A>;
  /** Says something that is not answered. */
  tell(word: string): void;
  /** Kept when it has ended. Never terminated: to end a thread amid a pass of the engine ends the whole process. */
  end(): Promise<void>;
}

interface Waiting<A> {
  resolve(answer: A): void;
  reject(error: unknown): void;
}

/**
 * Starts a thread whose program calls `serveThread`.
 * @param name of the thread in messages
 * @param workerData what the program begins with
 * @param onWord is given what the thread says unasked
 */
export function openThread<O, A>(
  name: string,
  program: URL,
  workerData: unknown,
  onWord?: (word: string) => void,
): Thread<O, A> {
  const worker = new Worker(program, { workerData });
  const waiting = new Map<number, Waiting<A>>();
  const post = (message: ToThread<O>) => worker.postMessage(message);
  let isOver = false;
  const endedEarly = () => new Error(`internal: the thread of ${name} ended too early`);
  const failAll = (error: unknown) => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };
  worker.on("message", (message: FromThread<A>) => {
    if (message.kind === "word") return onWord?.(message.word);
    const request = waiting.get(message.id);
    waiting.delete(message.id);
    if (message.kind === "done") request?.resolve(message.answer);
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
  let orders = 0;
  return {
    ask(order) {
      if (isOver) return Promise.reject(endedEarly());
      return new Promise((resolve, reject) => {
        const id = orders++;
        waiting.set(id, { resolve, reject });
        post({ kind: "order", id, order });
      });
    },
    tell: (word) => post({ kind: "word", word }),
    end() {
      post({ kind: "end" });
      return ended;
    },
  };
}

function errorOf({ code, message }: { readonly code?: ErrorCode; readonly message: string }): Error {
  return code ? new SeawallError(code, message) : new Error(message);
}

/** What a thread's program does. */
export interface ThreadProgram<O, A> {
  answer(order: O): A | Promise<A>;
  /** Buffers of an answer that leave this thread instead of being copied. */
  transfer?(answer: A): readonly ArrayBuffer[];
  onWord?(word: string): void;
  /** Before the thread ends; that it fails is of interest to nobody. */
  dispose(): Promise<void>;
}

/**
 * Carries out the orders of the thread's owner until it is told to end.
 * @returns what says a word to the owner
 */
export function serveThread<O, A>(program: ThreadProgram<O, A>): (word: string) => void {
  invariant(parentPort, "the program of a thread was started by itself");
  const port = parentPort;
  const post = (message: FromThread<A>, transfer: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, transfer);
  const carryOut = async (id: number, order: O) => {
    try {
      const answer = await program.answer(order);
      post({ kind: "done", id, answer }, program.transfer?.(answer));
    } catch (error) {
      const code = error instanceof SeawallError ? { code: error.code } : {};
      post({ kind: "failed", id, ...code, message: messageOf(error) });
    }
  };
  const end = async () => {
    await program.dispose().catch(() => {});
    // Without its port, the thread has nothing left to wait for.
    port.close();
  };
  port.on("message", (message: ToThread<O>) => {
    if (message.kind === "order") void carryOut(message.id, message.order);
    else if (message.kind === "word") program.onWord?.(message.word);
    else void end();
  });
  return (word) => post({ kind: "word", word });
}
