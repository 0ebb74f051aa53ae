/** A process of its own that lets one device add two numbers; says on stdout why it cannot. */
import { float32, messageOf } from "../../base/index.js";
import { emptyGraph, GraphBuilder } from "../../onnx/index.js";
import { type Device, openSession } from "../../runtime/index.js";

try {
  const build = new GraphBuilder(emptyGraph("probe", 18));
  const x = build.input("x", "float32", [1]);
  build.output(build.add(x, 1), "y");
  const session = await openSession(build.graph, { device: process.argv[2] as Device });
  const { y } = await session.run({ x: float32([1], [41]) });
  if (y?.data[0] !== 42) throw new Error(`41 + 1 gives ${y?.data[0]}`);
} catch (error) {
  process.stdout.write(problemIn(messageOf((error as Error).cause ?? error)));
  process.exitCode = 1;
}

/** The engine's own words, without its function names and the places in its source. */
function problemIn(message: string): string {
  const [first = ""] = message.replace(/^probe: ONNX Runtime refuses it: /, "").split("\n");
  const [, failure] = /(CUDA failure [^;]*[^;\s])/.exec(first) ?? [];
  return failure ?? first.replace(/^\/\S+\s.*? was false\. /, "").replace(/^OrtSessionOptions\w+: /, "");
}
