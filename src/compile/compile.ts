/** Writing programs: nodes are appended to a model, differentiated, lowered to the target and given a signature. */
import { type DifferentiateRequest, differentiate, type RuleTable } from "../autodiff/index.js";
import { invariant, SeawallError } from "../base/index.js";
import { copyGraph, emptyGraph, type Graph, GraphBuilder, type Value } from "../onnx/index.js";
import { computeIf } from "./conditional.js";
import { refuseKeptValues } from "./limits.js";
import { expandComposites, lower } from "./lower/lower.js";
import type { Target } from "./lower/target.js";
import { byDepth } from "./order.js";
import { defineProgram, type Program, type TensorSpecs, type ValuesOf } from "./program.js";
import type { TracedGraph } from "./trace.js";

/** Version of the standard operators of programs without a model. */
const opset = 18;

interface ProgramHeader<I extends TensorSpecs, O extends TensorSpecs> {
  /** Names the program in messages. */
  readonly name: string;
  readonly target: Target;
  /** Inputs of the model that are listed here keep their value; the others of this list are added to the graph. */
  readonly inputs: I;
  readonly outputs: O;
  /** Outputs whose names depend on the model. */
  readonly results?: TensorSpecs;
  /** An output of floats that is computed only where an input of one boolean, named here, is true; elsewhere it is empty. */
  readonly optional?: { readonly output: keyof O & string; readonly condition: keyof I & string };
}

/** Values of a builder's graph by the names of outputs and results. */
export type OutputValues<O extends TensorSpecs> = ValuesOf<O> & Readonly<Record<string, Value>>;

export interface ProgramDefinition<I extends TensorSpecs, O extends TensorSpecs> extends ProgramHeader<I, O> {
  /** The model that the program extends; its outputs are dropped. Default: an empty graph. */
  readonly model?: TracedGraph;
  write(build: GraphBuilder, inputs: ValuesOf<I>): OutputValues<O>;
}

/** Writes a program. Inputs of the model that `inputs` does not list become the signature's parameters. */
export function compileProgram<const I extends TensorSpecs, const O extends TensorSpecs>({
  name,
  target,
  model,
  inputs,
  outputs,
  results = {},
  optional,
  write,
}: ProgramDefinition<I, O>): Program<I, O> {
  const graph = model ? { ...copyGraph(model.graph), name, outputs: [] } : emptyGraph(name, opset);
  const build = new GraphBuilder(graph);
  const parameters = parametersOf(graph, inputs);
  const values = write(build, declareInputs(build, inputs));
  for (const [title, { value = title }] of Object.entries({ ...outputs, ...results })) {
    const written = values[title];
    invariant(written !== undefined, `program "${name}" does not write its output "${title}"`);
    build.output(written, value);
  }
  const lowered = byDepth(lower(build, model?.types ?? new Map(), target));
  const names = optional && {
    output: outputs[optional.output]!.value ?? optional.output,
    condition: inputs[optional.condition]!.value ?? optional.condition,
  };
  const final = names ? computeIf(lowered, names) : lowered;
  if (names && model) refuseKeptValues(final, model.types);
  return defineProgram(final, { inputs, outputs, parameters, results });
}

export interface GradientDefinition<I extends TensorSpecs, O extends TensorSpecs, L>
  extends ProgramHeader<I, O> {
  readonly model: TracedGraph;
  /** The float values whose gradients are wanted. */
  readonly wrt: readonly Value[];
  /** Gradient rules beside Seawall's own. */
  readonly rules?: RuleTable;
  /**
   * Appends the losses to the model.
   * @returns the losses, and the gradient of their sum at each value of the model that they were computed from, in
   * that value's shape
   */
  losses(
    build: GraphBuilder,
    inputs: ValuesOf<I>,
  ): { readonly losses: L; readonly seeds: ReadonlyMap<Value, Value> };
  /** Chooses or computes the outputs. `gradients` holds one value for each of `wrt`, in its shape. */
  write(
    build: GraphBuilder,
    inputs: ValuesOf<I>,
    losses: L,
    gradients: ReadonlyMap<Value, Value>,
  ): OutputValues<O>;
}

/**
 * Writes a program that computes gradients: the only one in Seawall, for evaluation, training and exports.
 * @throws SeawallError `unsupported` for an operator without a gradient rule
 */
export function gradientProgram<const I extends TensorSpecs, const O extends TensorSpecs, L>({
  losses,
  wrt,
  rules,
  write,
  ...header
}: GradientDefinition<I, O, L>): Program<I, O> {
  return compileProgram({
    ...header,
    write(build, inputs) {
      const appended = losses(build, inputs);
      const request = { seeds: appended.seeds, wrt, types: header.model.types, ...(rules && { rules }) };
      return write(build, inputs, appended.losses, differentiate(build, request));
    },
  });
}

/**
 * Appends gradients to a graph, in standard operators: `differentiate` for those who write graphs of their own.
 * @returns for every `wrt` value the value that holds its gradient, in its shape; zeros where no path leads
 * @throws SeawallError `unsupported` for an operator without a gradient rule
 */
export function appendGradients(
  build: GraphBuilder,
  request: DifferentiateRequest,
  target: Target = "portable",
): Map<Value, Value> {
  const gradients = differentiate(build, request);
  const replaced = expandComposites(build, target);
  return new Map([...gradients].map(([value, gradient]) => [value, replaced.get(gradient) ?? gradient]));
}

function declareInputs<I extends TensorSpecs>(build: GraphBuilder, inputs: I): ValuesOf<I> {
  const { graph } = build;
  const existing = new Set(graph.inputs.map(({ name }) => name));
  const made = new Set([...graph.initializers.keys(), ...graph.nodes.flatMap((node) => node.outputs)]);
  const entries = Object.entries(inputs).map(([name, { type, shape, value = name }]) => {
    if (made.has(value))
      throw new SeawallError(
        "model",
        `the graph already has a value named "${value}"; rename it in the model`,
      );
    return [name, existing.has(value) ? value : build.input(value, type, shape)];
  });
  return Object.fromEntries(entries) as ValuesOf<I>;
}

function parametersOf(graph: Graph, inputs: TensorSpecs): TensorSpecs {
  const named = new Set(Object.entries(inputs).map(([name, { value = name }]) => value));
  const rest = graph.inputs.filter(({ name }) => !named.has(name));
  return Object.fromEntries(
    rest.map(({ name, type, shape }) => {
      invariant(type && shape, `input "${name}" has no type or no shape`);
      return [name, { type, shape }];
    }),
  );
}
