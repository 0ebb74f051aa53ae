/** The folder of a training: its files, and the check that it belongs to this training. */
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { formatJson, messageOf, plainJson, SeawallError } from "../../base/index.js";
import { writeFileAtomic } from "../../base/index.node.js";
import { differences, type PluginFacts } from "../../journal/index.js";
import { trainingRecords } from "../../journal/index.node.js";
import { engineVersion } from "../../runtime/index.js";
import type { TrainingConfig } from "../settings/config.js";
import type { TopCheckpoint } from "../state/history.js";
import type { TrainingPlan } from "./plan.node.js";

/** The files of a training's folder. */
export const trainingFiles = {
  description: trainingRecords.description,
  last: "last.safetensors",
  bestRobust: "best-robust.safetensors",
  bestClean: "best-clean.safetensors",
  model: trainingRecords.model,
} as const;

/** The path of a file in the folder of a training. */
export function trainingFile(folder: string, name: keyof typeof trainingFiles): string {
  return join(folder, trainingFiles[name]);
}

/** The file of one of the best checkpoints, kept with --top: accuracy and update name it. */
export function topFile(folder: string, { step, figure }: TopCheckpoint): string {
  return join(folder, `top-${figure.toFixed(4)}-update-${step}.safetensors`);
}

/** Removes the checkpoints of --top that are no longer among the best, and those of updates that are made again. */
export function removeTopFiles(folder: string, kept: readonly TopCheckpoint[]): void {
  const files = kept.map((own) => topFile(folder, own));
  const found = readdirSync(folder).filter((name) => /^top-[01]\.\d{4}-update-\d+\.safetensors$/.test(name));
  for (const file of found.map((name) => join(folder, name))) {
    if (!files.includes(file)) rmSync(file, { force: true });
  }
}

/** Settings that do not change the weights after any update. */
const harmless: readonly string[] = [
  "out",
  "resume",
  "workers",
  "checkpointEvery",
  "patience",
  "top",
  "exportSize",
  "plugin",
  "labelMap",
  "palette",
  "labelSuffix",
] satisfies (keyof TrainingConfig)[];

/** Writes the description of a training that begins; that of one that is resumed stays. */
export function describeFolder(plan: TrainingPlan): void {
  const file = join(plan.config.out, trainingFiles.description);
  if (!existsSync(file)) writeFileAtomic(file, formatJson(descriptionOf(plan)));
}

function descriptionOf({ config, training, plugins }: TrainingPlan) {
  const { labelMap, palette, labelSuffix } = training.settings;
  return {
    engine: engineVersion,
    data: {
      images: training.length,
      filesSha256: training.filesSha256,
      classes: training.settings.classes,
      classNames: training.classNames,
      // The content of maps and palettes, whose files may move.
      labels: plainJson({ labelMap, palette, labelSuffix }),
    },
    config,
    ...(plugins.length > 0 && { plugins }),
  };
}

/**
 * Checks that the folder holds no training, or this one.
 * @throws SeawallError `training` for a folder in use without --resume, or that holds another training
 */
export function checkFolder(plan: TrainingPlan): void {
  const { config, training } = plan;
  const file = join(config.out, trainingFiles.description);
  if (!existsSync(file)) return;
  if (!config.resume) {
    throw new SeawallError(
      "training",
      `${config.out} holds a training; continue it with --resume, or give another --out`,
    );
  }
  const now = descriptionOf(plan);
  const stored = readDescription(file);
  const different = differences(deciding(stored), deciding(now));
  if (stored.data.filesSha256 !== now.data.filesSha256) {
    different.push(
      `the training images or labels have changed (${stored.data.images} images stored, ${training.length} now): restore them`,
    );
  }
  if (different.length > 0) {
    throw new SeawallError("training", `${config.out} holds another training: ${different.join("; ")}`);
  }
}

interface Description {
  /** Left out where there is none. */
  readonly plugins?: readonly PluginFacts[];
  readonly config: Readonly<Record<string, unknown>>;
  readonly data: {
    readonly images: number;
    readonly filesSha256: string;
    /** Left out by earlier versions, which had no maps and palettes. */
    readonly labels?: unknown;
  };
}

function readDescription(file: string): Description {
  try {
    const description = JSON.parse(readFileSync(file, "utf8")) as Description;
    if (typeof description.config === "object" && typeof description.data?.filesSha256 === "string")
      return description;
  } catch (error) {
    throw new SeawallError("training", `${file}: cannot be read (${messageOf(error)}); restore it`);
  }
  throw new SeawallError("training", `${file}: describes no training; restore it`);
}

/** What changes the trained weights. Earlier descriptions lack settings that were cross-entropy and PGD then. */
function deciding({ config, data, plugins = [] }: Description) {
  const settings = Object.entries(config).filter(([name]) => !harmless.includes(name));
  return { loss: "ce", attack: "pgd", ...Object.fromEntries(settings), labels: data.labels ?? {}, plugins };
}
