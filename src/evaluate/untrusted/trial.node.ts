/**
 * Models from strangers: each is first opened and differentiated in a process of its own, with bounds on memory and time.
 * A file that crashes the engine ends that process alone.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { SeawallError } from "../../base/index.js";
import { type Graph, writeModel } from "../../onnx/index.js";
import type { ModelOptions } from "../../oracle/index.js";
import { machineMemory, type SessionOptions } from "../../runtime/index.js";
import { answers, type TrialAnswer, type TrialHead, type TrialTask } from "./answer.node.js";

export interface TrialBounds {
  /** Bytes; default: four fifths of what this machine has left, or SEAWALL_MEMORY. */
  readonly memory: number;
  /** Milliseconds; default: five minutes. */
  readonly time: number;
}

const program = fileURLToPath(new URL("./trial-process.node.js", import.meta.url));

const usualBounds = (): TrialBounds => ({
  memory: Math.min(0.8 * process.availableMemory(), machineMemory()),
  time: 300_000,
});

/**
 * Lets a process of its own do the task with a model.
 * @throws SeawallError as that process does; `model`, naming the file, if it crashed or went beyond its bounds
 */
export async function tryModel(
  graph: Graph,
  task: TrialTask,
  bounds: Partial<TrialBounds> = {},
): Promise<void> {
  const { memory, time } = { ...usualBounds(), ...bounds };
  const file = graph.file ?? graph.name;
  const head: TrialHead = { task, file, memory };
  const child = spawn(process.execPath, [program, JSON.stringify(head)], {
    ...{ timeout: time, killSignal: "SIGKILL" },
    stdio: ["pipe", "ignore", "pipe", "pipe"],
  });
  // A process that has ended reads no more.
  child.stdin!.on("error", () => {});
  child.stdin!.end(writeModel(graph));
  const [lines, complaint, [code, signal]] = await Promise.all([
    text(child.stdio[answers] as Readable),
    text(child.stderr!),
    once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  const [first = ""] = lines.split("\n");
  const answer = first === "" ? undefined : (JSON.parse(first) as TrialAnswer);
  if (answer?.refused) throw new SeawallError(answer.refused.code, answer.refused.message);
  if (answer && !answer.large) return;
  const reason = answer?.large
    ? `took more than ${(memory / 2 ** 30).toFixed(1)} GiB of memory`
    : child.killed
      ? `was not done after ${time / 1000} s`
      : `ended with ${signal ?? `exit code ${code}`}${lastLine(complaint)}`;
  throw new SeawallError(
    "model",
    `${file}: the process in which it was opened first ${reason}; the model is not opened here. ` +
      "Check where the file is from, export it again, or run it at a smaller size",
  );
}

function lastLine(complaint: string): string {
  const line = complaint.trim().split("\n").at(-1);
  return line ? ` ("${line.slice(0, 200)}")` : "";
}

/** The option of a model that tries it first, where the settings say that it is from a stranger. */
export function trialOf(
  {
    untrusted,
    plugin = [],
  }: { readonly untrusted?: boolean | undefined; readonly plugin?: readonly string[] | undefined },
  engine: SessionOptions,
): Pick<ModelOptions, "beforeOpening"> {
  if (!untrusted) return {};
  return {
    beforeOpening: (graph, { rules: _, variables: __, beforeOpening: ___, ...options }) =>
      tryModel(graph, { kind: "network", options, engine, plugin }),
  };
}
