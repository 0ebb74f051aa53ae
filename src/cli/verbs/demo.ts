/** `seawall demo`: attacks the models that ship with the package. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { formatJson } from "../../base/index.js";
import { packageFile, writeFileAtomic } from "../../base/index.node.js";
import { type EvaluationConfig, evaluationSchema, radiiOf } from "../../evaluate/index.js";
import type { RunEvents } from "../../evaluate/index.node.js";
import { cleanAttack, type Result } from "../../journal/index.js";
import { alignRows, formatFigure } from "../../report/index.js";
import { demoPicture, type PictureRow } from "../../report/index.node.js";
import { finalLines } from "../output/lines.js";
import { print, say } from "../output/terminal.js";
import { attack } from "../process/run.js";
import { readConfigFile } from "../settings/config-file.js";
import { readSettings } from "../settings/settings.js";

interface DemoOptions extends Readonly<Record<string, unknown>> {
  readonly out: string;
  readonly steps?: string;
  readonly json?: boolean;
}

const sample = packageFile("demo");

export function demoVerb(command: Command): void {
  command
    .description(
      "Attacks the models that ship with the package: a fragile and a robust one side by side, then a published model.",
    )
    .option("--out <DIR>", "folder of the pictures", "seawall-demo")
    .option("--steps <N>", "iterations of each attack (default: 30)")
    .option("--json", "print the results as JSON on stdout")
    .addHelpText("after", "\nExample:\n  seawall demo")
    .action(demoAction);
}

async function demoAction({ out, steps, json }: DemoOptions): Promise<void> {
  mkdirSync(out, { recursive: true });
  say(
    "This demo attacks three small models with 30 steps per attack unless --steps says otherwise.",
    "It takes about a minute on two idle processor cores, and some minutes on a busy machine.",
    "",
    "Part 1 of 2: two models for street scenes with the same architecture and the same attacks.",
    "The fragile model was trained on clean images, the robust model adversarially.",
  );
  const pair = [];
  for (const name of pairNames) {
    pair.push({ name, ...(await attackSample("pair.yaml", { steps, model: `${name}.onnx` })) });
  }
  if (!json) say("", ...pairLines(pair));
  const rows = pair.flatMap(({ name, gallery }) =>
    gallery.rows().map((row) => ({ ...row, id: `${name}: ${row.id}` })),
  );
  await draw(join(out, "pair.png"), rows, pair[0]!);

  say("", "Part 2 of 2: a published model on three photos, with every figure that an evaluation prints.");
  const published = await attackSample("demo.yaml", { steps });
  if (!json) say(...finalLines(published.result));
  await draw(join(out, "demo.png"), published.gallery.rows(), published);
  if (json) {
    const results = pair.map(({ name, result }) => [name, result] as const);
    print(formatJson({ ...Object.fromEntries(results), published: published.result }));
  }
}

/** Two models of the same architecture: one trained on clean images, one adversarially. */
const pairNames = ["fragile", "robust"] as const;

interface SampleRun {
  readonly config: EvaluationConfig;
  readonly result: Result;
  readonly gallery: Gallery;
}

async function attackSample(
  file: string,
  flags: { readonly steps: string | undefined; readonly model?: string },
): Promise<SampleRun> {
  const config = await readSample(file, flags);
  const gallery = new Gallery();
  const result = await attack(config, { onPoint: (point) => gallery.add(point) });
  return { config, result, gallery };
}

async function draw(file: string, rows: readonly PictureRow[], { config, result }: SampleRun) {
  const picture = await demoPicture(rows, {
    radius: radiiOf(config).at(-1)!.value,
    self: config.labels === "self",
    ...(result.model.classNames && { classNames: result.model.classNames }),
  });
  writeFileAtomic(file, picture);
  say(`picture: ${file}`);
}

/** The share of each model's own prediction that survives, radius by radius. */
function pairLines(pair: readonly { readonly name: string; readonly result: Result }[]): string[] {
  const radii = pair[0]!.result.robust.map(({ eps }) => `at ${eps}`);
  const rows = pair.map(({ name, result }) => [
    name,
    ...result.robust.map(({ worst }) => formatFigure(worst.aAcc ?? 0)),
  ]);
  return alignRows([["worst case of the attacks, consistency", ...radii], ...rows]);
}

/** A sample's configuration; its files are beside it. */
async function readSample(
  name: string,
  { steps, model }: { readonly steps: string | undefined; readonly model?: string },
): Promise<EvaluationConfig> {
  const file = join(sample, name);
  const { values } = await readConfigFile(file);
  const { data, classes } = values;
  const beside = (path: unknown) => (typeof path === "string" ? join(sample, path) : undefined);
  const folders = String(data)
    .replace(/^folder:/, "")
    .split(",");
  return readSettings(
    evaluationSchema,
    {
      model: beside(model ?? values.model),
      data: `folder:${folders.map(beside).join(",")}`,
      classes: beside(classes),
      steps,
    },
    file,
  );
}

type Point = Parameters<NonNullable<RunEvents["onPoint"]>>[0];

/** Collects, for each image, the clean prediction and the attacked prediction with the fewest right pixels. */
class Gallery {
  readonly #clean = new Map<string, Point>();
  readonly #worst = new Map<string, { readonly point: Point; readonly right: number }>();

  add(point: Point): void {
    const { id } = point.sample;
    if (point.attack === cleanAttack) {
      this.#clean.set(id, point);
      return;
    }
    const right = rightPixels(point);
    const known = this.#worst.get(id);
    if (!known || known.point.eps !== point.eps || right < known.right) this.#worst.set(id, { point, right });
  }

  rows(): PictureRow[] {
    // Images finish in any order; the picture shows them in the order of the data.
    const images = [...this.#clean].sort(([, a], [, b]) => a.sample.index - b.sample.index);
    return images.map(([id, clean]) => {
      const worst = this.#worst.get(id)?.point ?? clean;
      const { image, height, width } = clean.sample;
      return {
        ...{ id, height, width, image: image.data, attacked: worst.point, reference: clean.labels },
        prediction: clean.classes,
        attackedPrediction: worst.classes,
      };
    });
  }
}

function rightPixels({ classes, labels }: Point): number {
  let right = 0;
  for (let i = 0; i < labels.length; i++) if (classes[i] === labels[i]) right++;
  return right;
}
