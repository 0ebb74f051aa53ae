/** A plan as the setup of a queue: what a worker on another machine needs, and the checks with which it is taken over. */
import { basename } from "node:path";
import { z } from "zod";
import { checkJson, SeawallError } from "../../base/index.js";
import { loadComponents } from "../../components/index.node.js";
import type { Graph } from "../../onnx/index.js";
import { readModel, weightBytes, writeModel } from "../../onnx/index.js";
import { readModelFile } from "../../onnx/index.node.js";
import type { QueueContent } from "../../queue/index.js";
import { engineVersion } from "../../runtime/index.js";
import { type EvaluationConfig, parseConfig } from "../plan/config.js";
import { asSurrogate, engineOptions, openerOf } from "../plan/models.node.js";
import type { Plan } from "../plan/plan.node.js";
import { version } from "../plan/version.node.js";
import type { CompletePlan } from "../workers/hand-over.node.js";
import type { Load } from "../workers/image-workers.node.js";

/** A model with larger weights, in bytes, is not sent: every worker is given its own copy. */
const largestSent = 64 * 2 ** 20;

/** The settings that decide what an attack does to an image. Files, data and how a run is carried out are not among them. */
const attackSettings = [
  ...(["output", "layout", "inputRange", "mean", "std", "bgr", "window", "stride", "labels"] as const),
  ...(["eps", "attacks", "steps", "maxSteps", "radiusSchedule", "perturbChannels", "protocol"] as const),
  ...(["seed", "seeds", "device", "trace"] as const),
] as const satisfies readonly (keyof EvaluationConfig)[];

const versions = { seawall: version, [engineVersion.name]: engineVersion.version };

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const side = z.int().min(1).max(65536);
const modelFile = z.strictObject({ file: z.string().max(1000), sha256: digest });

const headSchema = z.strictObject({
  versions: z.record(z.string().max(100), z.string().max(100)),
  /** Checked as any configuration. */
  settings: z.record(z.string(), z.json()),
  /** The size at which the model is opened before the first image comes. */
  size: z.strictObject({ height: side, width: side }),
  classes: side,
  classWeights: z.array(z.number()).max(65536).optional(),
  /** Memory that attacking one image takes, roughly. */
  workerBytes: z.number().min(0),
  plugins: z.array(z.strictObject({ name: z.string().max(200), sha256: digest })).max(100),
  model: modelFile,
  surrogate: modelFile.optional(),
});

type Head = z.infer<typeof headSchema>;

/**
 * What workers need of a plan. It depends on nothing that is about this machine, so that a run that is resumed elsewhere
 * has the same setup.
 * @throws SeawallError `config` for a run that cannot be made over a queue
 */
export async function setupOf(plan: Plan): Promise<QueueContent> {
  const { config, probe, classes, classWeights, workerBytes, plugins, surrogate } = plan;
  if (plan.oneWorker) {
    throw new SeawallError(
      "config",
      "--queue: plugins that are given as values cannot be sent to other processes; give them as files",
    );
  }
  const head: z.input<typeof headSchema> = {
    versions,
    settings: Object.fromEntries(
      attackSettings.map((setting) => [setting, config[setting]]),
    ) as Head["settings"],
    size: { height: probe.height, width: probe.width },
    ...{ classes, workerBytes, plugins: [...plugins] },
    ...(classWeights && { classWeights: [...classWeights] }),
    model: { file: basename(config.model), sha256: plan.modelSha256 },
    ...(surrogate && { surrogate: { file: basename(surrogate.file), sha256: surrogate.sha256 } }),
  };
  return {
    head,
    parts: {
      ...(await sentModel("model", config.model, plan.modelSha256)),
      ...(surrogate && (await sentModel("surrogate", surrogate.file, surrogate.sha256))),
    },
  };
}

/** A model's bytes under a name, with its external data; nothing for a large one. */
async function sentModel(name: string, file: string, sha256: string): Promise<QueueContent["parts"]> {
  const { graph, sha256: now } = await readModelFile(file);
  if (now !== sha256)
    throw new SeawallError("config", `${file}: the model was replaced while the run began; start it again`);
  return weightBytes(graph) > largestSent ? {} : { [name]: writeModel(graph) };
}

/** What a worker was given. */
export interface WorkerFiles {
  /** Copies of models. */
  readonly models: readonly string[];
  readonly plugins: readonly string[];
  /** The run's model is opened at once, without trying it first in a process of its own. */
  readonly trusted?: boolean | undefined;
  readonly threads?: number | undefined;
  readonly parallel?: number | undefined;
}

/** What a worker makes of a setup. */
export type TakenPlan = CompletePlan & Load;

/**
 * The plan of a setup, its model opened.
 * @throws SeawallError `config` if this process has another version, or lacks a model or a plugin of the run
 */
export async function planOf(setup: QueueContent, files: WorkerFiles): Promise<TakenPlan> {
  const head = checkJson(headSchema, setup.head, "the run in the queue");
  checkVersions(head.versions);
  const plugin = await ownPlugins(head.plugins, files.plugins);
  const config = parseConfig({
    ...head.settings,
    ...{ model: head.model.file, data: "queue", plugin, untrusted: !files.trusted },
    ...(head.surrogate && { surrogate: head.surrogate.file }),
    ...(files.threads !== undefined && { threads: files.threads }),
    ...(files.parallel !== undefined && { parallel: files.parallel }),
  });
  const { components, plugins } = await loadComponents(plugin);
  const copies = await ownCopies(files.models);
  const opened = (model: Head["model"], sent: Uint8Array | undefined) => {
    const graph = copies.get(model.sha256) ?? sentGraph(model, sent, copies);
    return openerOf({ graph, networks: new Map() }, config, head.classes, components);
  };
  const model = opened(head.model, setup.parts.model);
  const other = head.surrogate && opened(head.surrogate, setup.parts.surrogate);
  const surrogate = other && { model: asSurrogate(head.surrogate!.file, other) };
  await model.at(head.size);
  await surrogate?.model.at(head.size);
  const { classes, classWeights, workerBytes } = head;
  return {
    ...{ config, classes, classWeights, plugins, model, surrogate },
    ...{ engine: engineOptions(config), workerBytes },
  };
}

function checkVersions(theirs: Head["versions"]): void {
  const differing = Object.entries(versions).filter(([name, own]) => theirs[name] !== own);
  if (differing.length === 0) return;
  const text = (of: Readonly<Record<string, string>>) =>
    differing.map(([name]) => `${name} ${of[name] ?? "of no version"}`).join(" and ");
  throw new SeawallError(
    "config",
    `the run is made by ${text(theirs)}, and this is ${text(versions)}; install the same version on all machines`,
  );
}

/** The files of a run's plugins, in its order. Nothing of a plugin is sent: its code runs only where it was named. */
async function ownPlugins(wanted: Head["plugins"], files: readonly string[]): Promise<string[]> {
  if (wanted.length === 0) return [];
  const { plugins: own } = await loadComponents(files);
  return wanted.map(({ name, sha256 }) => {
    const at = own.findIndex((plugin) => plugin.sha256 === sha256);
    if (at >= 0) return files[at]!;
    const other = own.find((plugin) => plugin.name === name);
    const problem = other
      ? `the run's plugin "${name}" has SHA-256 ${sha256}, and the file given here ${other.sha256}`
      : `the run uses the plugin "${name}" (SHA-256 ${sha256}), which is never sent`;
    throw new SeawallError("config", `${problem}; give this worker the same file with --plugin FILE`);
  });
}

/** The models that were given to a worker, by their SHA-256. */
async function ownCopies(files: readonly string[]): Promise<ReadonlyMap<string, Graph>> {
  const models = await Promise.all(files.map(readModelFile));
  return new Map(models.map(({ sha256, graph }) => [sha256, graph]));
}

function sentGraph(
  { file, sha256 }: Head["model"],
  sent: Uint8Array | undefined,
  own: ReadonlyMap<string, Graph>,
) {
  if (sent) return readModel(sent, { file });
  const given = [...own].map(([digest, graph]) => `${graph.file} has ${digest}`);
  const found = given.length > 0 ? `; ${given.join(", ")}` : "";
  throw new SeawallError(
    "config",
    `the run attacks ${file} with SHA-256 ${sha256}, which is too large to be sent${found}; give this worker its own copy with --model FILE`,
  );
}
