/**
 * How much memory the values of an update's passes take at most, for each level of --recompute: computed from their shapes and
 * the engine's order, without running anything.
 *
 *     node bench/memory.mjs ARCHITECTURE:NxCxHxW …
 */
import { arrayConstructors, sizeOf } from "../dist/base/index.js";
import { recomputeLevels, recomputing } from "../dist/compile/index.js";
import { measure } from "../dist/compile/measure.js";
import { losses } from "../dist/loss/index.js";
import { architectures } from "../dist/nn/index.js";
import { readsOf } from "../dist/onnx/index.js";
import { attackProgram, traceNetwork, trainingProgram } from "../dist/train/graphs/graphs.js";
import { buildNetwork } from "../dist/train/loop/network.js";

const classes = 11;

/** The order in which the engine runs nodes: back from those that nobody reads, the last of the list first. */
function engineOrder({ nodes }) {
  const makers = new Map(nodes.flatMap((node, i) => node.outputs.map((value) => [value, i])));
  const before = nodes.map((node) =>
    [...new Set(readsOf(node).map((value) => makers.get(value)))]
      .filter((i) => i !== undefined)
      .sort((a, b) => a - b),
  );
  const read = new Set(before.flat());
  const stack = nodes.flatMap((_, i) => (read.has(i) ? [] : [{ i, isLeft: false }]));
  const seen = new Set();
  const order = [];
  while (stack.length > 0) {
    const { i, isLeft } = stack.pop();
    if (isLeft) order.push(nodes[i]);
    if (isLeft || seen.has(i)) continue;
    seen.add(i);
    stack.push(
      { i, isLeft: true },
      ...before[i].filter((j) => !seen.has(j)).map((j) => ({ i: j, isLeft: false })),
    );
  }
  return order;
}

/** Operators that name memory anew. */
const views = new Set(["Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"]);

/** Bytes of all values that are alive at once, at most; outputs lie in memory of the caller. */
function peakOf(order, types, outputs) {
  const origins = new Map();
  const origin = (value) => origins.get(value) ?? value;
  for (const { op, inputs, outputs: made } of order)
    if (views.has(op)) origins.set(made[0], origin(inputs[0]));
  const bytesOf = (value) => {
    const { type, shape } = types.get(value);
    return outputs.has(value) ? 0 : arrayConstructors[type].BYTES_PER_ELEMENT * sizeOf(shape);
  };
  const last = new Map(order.flatMap((node, i) => readsOf(node).map((value) => [origin(value), i])));
  const alive = new Set();
  let [held, peak] = [0, 0];
  for (const [i, node] of order.entries()) {
    const made = views.has(node.op) ? [] : node.outputs.filter(Boolean);
    for (const value of made) {
      alive.add(value);
      held += bytesOf(value);
    }
    peak = Math.max(peak, held);
    for (const value of new Set([...readsOf(node), ...made].map(origin)))
      if ((last.get(value) ?? i) <= i && alive.delete(value)) held -= bytesOf(value);
  }
  return peak;
}

for (const each of process.argv.slice(2)) {
  const [name, size] = each.split(":");
  const [images, , height, width] = size.split("x").map(Number);
  const options = {
    size: [height, width],
    batchSize: images,
    attacked: images,
    accumulating: false,
    seed: 0,
  };
  const builds = buildNetwork(architectures[name], options, { classes });
  const programs = {
    "attack pass": attackProgram(await traceNetwork(builds.attacked), losses.ce, "cpu"),
    "training pass": trainingProgram(await traceNetwork(builds.training), losses.ce, "cpu"),
  };
  for (const [title, program] of Object.entries(programs)) {
    for (const level of recomputeLevels) {
      const ends = { image: "image", losses: ["loss", "auxiliary loss"] };
      const { graph } = await recomputing(program, ends, level);
      const { types } = await measure(graph, () => new Set(), {});
      const peak = peakOf(engineOrder(graph), types, new Set(graph.outputs.map((output) => output.name)));
      console.log(`${each}, ${title}, recomputing ${level}: ${(peak / 2 ** 20).toFixed(0)} MiB`);
    }
  }
}
