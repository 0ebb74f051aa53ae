/** Sessions of programs of one signature, opened on first use and kept by what they serve. */
import { placed } from "../../base/index.js";
import { openProgram, type Program, type ProgramSession, type TensorSpecs } from "../../compile/index.js";
import type { Loss, LossFamily } from "../../loss/index.js";
import type { SessionOptions } from "../../runtime/index.js";

/** What a session was opened for: a family of losses, the loss it scores by, or a name. */
type SessionKey = LossFamily | Loss | string;

export class Sessions<I extends TensorSpecs, O extends TensorSpecs> {
  readonly #engine: SessionOptions;
  /** The model's file, for messages. */
  readonly #file: string | undefined;
  readonly #opened = new Map<SessionKey, Promise<ProgramSession<I, O>>>();

  constructor(engine: SessionOptions, file?: string) {
    this.#engine = engine;
    this.#file = file;
  }

  open(key: SessionKey, write: () => Program<I, O>): Promise<ProgramSession<I, O>> {
    const session = this.#opened.get(key) ?? this.#load(write);
    this.#opened.set(key, session);
    return session;
  }

  async #load(write: () => Program<I, O>): Promise<ProgramSession<I, O>> {
    try {
      return await openProgram(write(), this.#engine);
    } catch (error) {
      throw placed(error, this.#file);
    }
  }

  async dispose(): Promise<void> {
    for (const session of this.#opened.values()) await (await session).dispose();
  }
}

export type SessionsOf<P> = P extends (...given: never[]) => Program<infer I, infer O>
  ? Sessions<I, O>
  : never;
