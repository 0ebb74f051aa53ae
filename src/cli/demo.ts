/** `seawall demo`: the main job on the sample that ships with the package. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { type EvaluationConfig, evaluationSchema, radiiOf } from "../evaluate/index.js";
import type { RunEvents } from "../evaluate/index.node.js";
import { cleanAttack, formatJson } from "../journal/index.js";
import { writeFileAtomic } from "../journal/index.node.js";
import { demoPicture, type PictureRow } from "../report/index.node.js";
import { readConfigFile } from "./config-file.js";
import { finalLines } from "./lines.js";
import { attack } from "./run.js";
import { readSettings } from "./settings.js";
import { print, say } from "./terminal.js";

interface DemoOptions extends Readonly<Record<string, unknown>> {
  readonly out: string;
  readonly steps?: string;
  readonly json?: boolean;
}

/** Stands beside `dist` in the package, and beside `src` in the repository. */
const sample = fileURLToPath(new URL("../../demo/", import.meta.url));

export function verb(command: Command): void {
  command
    .description("Attacks the sample that ships with the package, prints the figures and draws a picture.")
    .option("--out <DIR>", "folder of the picture", "seawall-demo")
    .option("--steps <N>", "iterations of each attack (default: 40)")
    .option("--json", "print the result as JSON on stdout")
    .addHelpText("after", "\nExample:\n  seawall demo")
    .action(demoAction);
}

async function demoAction({ out, steps, json }: DemoOptions): Promise<void> {
  const config = await readSample(steps);
  const gallery = new Gallery();
  const result = await attack(config, { onPoint: (point) => gallery.add(point) });
  if (json) print(formatJson(result));
  else say(...finalLines(result));

  const picture = await demoPicture(gallery.rows(), {
    radius: radiiOf(config).at(-1)!.value,
    self: config.labels === "self",
    ...(result.model.classNames && { classNames: result.model.classNames }),
  });
  mkdirSync(out, { recursive: true });
  const file = join(out, "demo.png");
  writeFileAtomic(file, picture);
  say(`picture: ${file}`);
}

/** The sample's configuration; its files are beside it. */
async function readSample(steps: string | undefined): Promise<EvaluationConfig> {
  const file = join(sample, "demo.yaml");
  const { values } = await readConfigFile(file);
  const { model, data, classes } = values;
  const beside = (path: unknown) => (typeof path === "string" ? join(sample, path) : undefined);
  const folders = String(data)
    .replace(/^folder:/, "")
    .split(",");
  return readSettings(
    evaluationSchema,
    {
      model: beside(model),
      data: `folder:${folders.map(beside).join(",")}`,
      classes: beside(classes),
      steps,
    },
    file,
  );
}

type Point = Parameters<NonNullable<RunEvents["onPoint"]>>[0];

/** Keeps, for each image, the clean prediction and the attacked one with the fewest right pixels. */
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
    // Images end in any order: the picture shows them in that of the data.
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
