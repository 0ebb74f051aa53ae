/** The meter of one image: every session runs through it, so that passes and engine seconds are counted in one place. */
import type { Filled, ProgramSession, TensorSpecs, TensorsOf } from "../../compile/index.js";
import type { Tensors } from "../../runtime/index.js";
import type { Cost, OracleOptions } from "./oracle.js";

export class Meter {
  readonly cost: Cost;
  readonly #watch: Pick<OracleOptions, "onPass" | "signal">;

  constructor(
    watch: Pick<OracleOptions, "onPass" | "signal">,
    spent: Readonly<Cost> = { forward: 0, backward: 0, seconds: 0 },
  ) {
    this.#watch = watch;
    this.cost = { ...spent };
  }

  /** Runs a session. @throws the signal's reason once it is aborted */
  run<I extends TensorSpecs, O extends TensorSpecs>(
    session: Promise<ProgramSession<I, O>>,
    feeds: TensorsOf<I>,
    parameters?: Tensors,
  ): Promise<TensorsOf<O>> {
    return this.#timed(session, (open) => open.run(feeds, parameters));
  }

  /** Runs a session that writes its outputs into given tensors. @throws the signal's reason once it is aborted */
  fill<I extends TensorSpecs, O extends TensorSpecs>(
    session: Promise<ProgramSession<I, O>>,
    feeds: TensorsOf<I>,
    filled: Filled<O>,
  ): Promise<void> {
    return this.#timed(session, (open) => open.fill(feeds, filled));
  }

  /** Counts a forward pass, and a backward pass that came with it. */
  passed({ backward }: { readonly backward: boolean }): void {
    this.cost.forward++;
    if (backward) this.cost.backward++;
    this.#watch.onPass?.();
  }

  async #timed<S, T>(session: Promise<S>, run: (open: S) => Promise<T>): Promise<T> {
    this.#watch.signal?.throwIfAborted();
    const open = await session;
    const started = performance.now();
    const result = await run(open);
    this.cost.seconds += (performance.now() - started) / 1000;
    return result;
  }
}
