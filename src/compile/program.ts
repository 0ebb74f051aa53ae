/** Programs: graphs ready to run, with a typed signature of their inputs and outputs. */
import { type DataType, invariant, type Tensor } from "../base/index.js";
import type { Graph, Value } from "../onnx/index.js";
import { openSession, type Session, type SessionOptions, type Tensors } from "../runtime/index.js";

/** Type and shape of a tensor, known before a program runs. */
export interface TensorSpec<T extends DataType = DataType> {
  readonly type: T;
  /** A name stands for a length that is open until the program runs. */
  readonly shape: readonly (number | string)[];
  /** Name of the value in the graph, where it differs from the name in the signature. */
  readonly value?: Value;
  /** The first axis counts images, so that a batch may be divided among workers. */
  readonly perImage?: boolean;
}

export type TensorSpecs = Readonly<Record<string, TensorSpec>>;

/** Tensors by the names and types of a signature. */
export type TensorsOf<S extends TensorSpecs> = {
  readonly [K in keyof S]: Tensor<NonNullable<S[K]>["type"]>;
};

/** Values of a graph by the names of a signature. */
export type ValuesOf<S extends TensorSpecs> = { readonly [K in keyof S]: Value };

/** Inputs and outputs of a program. */
export interface Signature<I extends TensorSpecs, O extends TensorSpecs> {
  readonly inputs: I;
  readonly outputs: O;
  /** Further inputs whose names depend on the model: its parameters and random masks. */
  readonly parameters: TensorSpecs;
  /** Further outputs whose names depend on the model: gradients of parameters and running statistics. */
  readonly results: TensorSpecs;
}

/** A graph of standard operators and its signature: plain data, which can be sent to a worker. */
export interface Program<I extends TensorSpecs = TensorSpecs, O extends TensorSpecs = TensorSpecs> {
  readonly graph: Graph;
  readonly signature: Signature<I, O>;
}

/** Tensors that a run fills instead of making new ones; outputs without one are not computed. */
export type Filled<O extends TensorSpecs> = Partial<TensorsOf<O>> & Tensors;

/** A program loaded into the engine. */
export interface ProgramSession<I extends TensorSpecs, O extends TensorSpecs> {
  /**
   * Runs the program on inputs of the signature's types and shapes.
   * @param parameters tensors for `signature.parameters`
   * @returns every output, results included
   * @throws SeawallError `model` if the engine fails
   */
  run(inputs: TensorsOf<I>, parameters?: Tensors): Promise<TensorsOf<O> & Tensors>;
  /** As `run`, but writes the outputs named in `filled` into its tensors and leaves out the others. */
  fill(inputs: TensorsOf<I>, filled: Filled<O>, parameters?: Tensors): Promise<void>;
  dispose(): Promise<void>;
}

/**
 * Joins a graph to its signature.
 * @throws Error `internal: …` where names, types or shapes of the graph's inputs, or the names of its outputs, differ
 */
export function defineProgram<const I extends TensorSpecs, const O extends TensorSpecs>(
  graph: Graph,
  signature: Signature<I, O>,
): Program<I, O> {
  const declared = { ...byValue(signature.inputs), ...byValue(signature.parameters) };
  for (const { name, type, shape } of graph.inputs) {
    const spec = declared[name];
    invariant(spec, `program "${graph.name}": the signature lacks the input "${name}"`);
    const [wanted, found] = [describe(spec.type, spec.shape), describe(type, shape)];
    invariant(wanted === found, `program "${graph.name}": input "${name}" is ${found}, not ${wanted}`);
  }
  sameNames(graph, "input", graph.inputs, declared);
  sameNames(graph, "output", graph.outputs, {
    ...byValue(signature.outputs),
    ...byValue(signature.results),
  });
  return { graph, signature };
}

/** Loads a program into the engine. @throws SeawallError `model` if the engine refuses it */
export async function openProgram<I extends TensorSpecs, O extends TensorSpecs>(
  program: Program<I, O>,
  engine: SessionOptions = {},
): Promise<ProgramSession<I, O>> {
  return bindProgram(program, await openSession(program.graph, engine));
}

/** Gives a session of the program's graph, in whatever thread it runs, the types of the signature. */
export function bindProgram<I extends TensorSpecs, O extends TensorSpecs>(
  { graph, signature }: Program<I, O>,
  session: Pick<Session, "run" | "dispose">,
): ProgramSession<I, O> {
  const feed = (inputs: TensorsOf<I>, parameters: Tensors = {}): Tensors => {
    for (const [name, spec] of Object.entries(signature.inputs)) checkFeed(graph, name, spec, inputs[name]);
    return { ...toValues(signature.inputs, inputs), ...toValues(signature.parameters, parameters) };
  };
  return {
    async run(inputs, parameters) {
      const found = await session.run(feed(inputs, parameters));
      const named = { ...signature.outputs, ...signature.results };
      const entries = Object.entries(named).map(([name, { value = name }]) => [name, found[value]!]);
      return Object.fromEntries(entries) as TensorsOf<O> & Tensors;
    },
    async fill(inputs, filled, parameters) {
      await session.run(
        feed(inputs, parameters),
        toValues({ ...signature.outputs, ...signature.results }, filled),
      );
    },
    dispose: () => session.dispose(),
  };
}

function byValue(specs: TensorSpecs): TensorSpecs {
  return Object.fromEntries(Object.entries(specs).map(([name, spec]) => [spec.value ?? name, spec]));
}

/** Tensors by the names of the graph's values. */
function toValues(specs: TensorSpecs, tensors: Tensors): Tensors {
  return Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [specs[name]?.value ?? name, tensor]),
  );
}

function sameNames(
  graph: Graph,
  kind: string,
  found: readonly { readonly name: Value }[],
  declared: TensorSpecs,
): void {
  const list = (names: readonly string[]) => [...names].sort().join(", ");
  const [has, wants] = [list(found.map(({ name }) => name)), list(Object.keys(declared))];
  invariant(
    has === wants,
    `program "${graph.name}": the graph's ${kind}s are ${has}, the signature's ${wants}`,
  );
}

function checkFeed(graph: Graph, name: string, spec: TensorSpec, tensor: Tensor | undefined): void {
  const fits =
    tensor?.type === spec.type &&
    tensor.dims.length === spec.shape.length &&
    spec.shape.every((length, axis) => typeof length === "string" || length === tensor.dims[axis]);
  invariant(
    fits,
    `program "${graph.name}": input "${name}" must be ${describe(spec.type, spec.shape)}, not ${tensor ? describe(tensor.type, tensor.dims) : "missing"}`,
  );
}

/** `float32 [1, 3, 64, 64]` */
function describe(type: DataType | undefined, shape: readonly (number | string)[] | undefined): string {
  return `${type ?? "unknown"} [${shape?.join(", ") ?? "?"}]`;
}
