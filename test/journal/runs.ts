/** Small runs for the journal tests: descriptions and records whose numbers a key decides. */
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { randomStream, sha256 } from "../../src/base/index.js";
import {
  describeRun,
  type Member,
  memberNames,
  type RunDescription,
  type RunFacts,
  type RunRecord,
} from "../../src/journal/index.js";
import { countPixels, pixelAccuracy } from "../../src/metric/index.js";

/** Attacks of a protocol, each with as many steps. */
export function membersOf(...names: readonly string[]): Member[] {
  return names.map((name) => ({ name, steps: 300, radiusSchedule: "reduce" }));
}

export const facts: RunFacts = {
  protocol: {
    attacks: "sea-2024",
    members: membersOf("apgd:class-balanced-ce", "apgd:mask-ce", "apgd:js"),
    eps: ["4/255", "0.03"],
    accounting: "strict",
    seed: 0,
  },
  model: { file: "model.onnx", sha256: sha256("model"), classes: 4, input: [1, 3, "height", "width"] },
  data: {
    spec: "folder:images,labels",
    images: 5,
    listSha256: sha256("list"),
    settings: { labels: "truth" },
  },
  versions: { seawall: "0.1.0", node: "20.0.0", onnxruntime: "1.30.0" },
  engine: { device: "cpu", parallel: 2, threads: 2, tf32: false },
  config: { attacks: "sea-2024", parallel: 2, crop: "6x6", out: "runs/first", threads: undefined },
  decidingSettings: ["crop", "bgr"],
};

/** A description with some facts replaced. */
export function describeWith(
  change: Partial<{ [key in keyof RunFacts]: Partial<RunFacts[key]> }> = {},
): RunDescription {
  const { protocol, model, data, versions, engine, config, shard, soundness } = change;
  return describeRun({
    protocol: { ...facts.protocol, ...protocol },
    model: { ...facts.model, ...model },
    data: { ...facts.data, ...data },
    versions: { ...facts.versions, ...(versions as Record<string, string> | undefined) },
    engine: { ...facts.engine, ...engine },
    config: { ...facts.config, ...config },
    decidingSettings: ["crop", "bgr"],
    shard: shard as RunFacts["shard"],
    soundness: soundness as RunFacts["soundness"],
  });
}

/** What an evaluation would record of one image under one attack. */
export function recordFor(run: RunDescription, index: number, eps: string, attack: string): RunRecord {
  const { classes } = run.model;
  const pixels = 24 + 4 * (index % 3);
  const draw = (stream: { next(): number }, below: number) => Math.floor(stream.next() * below);
  const image = randomStream("labels", index);
  // Class `classes − 1` has no label; some pixels are ignored.
  const labels = Array.from({ length: pixels }, () => draw(image, classes) - 1);
  const attacked = randomStream("attack", index, eps, attack);
  const strength = attack === "clean" ? 6 : 2;
  const guess = labels.map((label) =>
    draw(attacked, strength) > 0 ? Math.max(label, 0) : draw(attacked, classes),
  );
  const counts = countPixels(guess, labels, classes);
  return {
    image: `image-${index}`,
    index,
    hash: sha256(`image ${index}`),
    eps,
    attack,
    accuracy: pixelAccuracy(counts),
    pixels,
    ...counts,
    forward: attack === "clean" ? 1 : 303,
    backward: attack === "clean" ? 0 : 300,
    seconds: attack === "clean" ? 0.25 : 1.5,
    step: draw(attacked, 300),
    maxDelta: attack === "clean" ? 0 : 0.01,
  };
}

/** All records of a run, image by image. */
export function recordsOf(run: RunDescription): RunRecord[] {
  const { images } = run.data;
  const { index: first, count: step } = run.shard ?? { index: 0, count: 1 };
  const indices = Array.from({ length: images }, (_, i) => i).filter((i) => i % step === first);
  return (run.shard?.images ?? indices).flatMap((index) => [
    recordFor(run, index, "0", "clean"),
    ...run.protocol.eps.flatMap((eps) =>
      memberNames(run.protocol).map((attack) => recordFor(run, index, eps, attack)),
    ),
  ]);
}

/**
 * A journal's text: records, or JSON of objects that are none, sealed as docs/formats.md says it, by other code than the
 * program's; without seals in a run without identity.
 */
export function journalText({ identity }: RunDescription, list: readonly (RunRecord | string)[]): string {
  const bodies = list.map((line) => (typeof line === "string" ? line : JSON.stringify(line)));
  if (identity === undefined) return bodies.map((body) => `${body}\n`).join("");
  let seal = identity;
  const lines = bodies.map((body) => {
    seal = createHash("sha256").update(seal).update(body).digest("hex").slice(0, 16);
    return `${body.replace(/\}$/, `,"seal":"${seal}"}`)}\n`;
  });
  return lines.join("");
}

/** A file of JSON with its seal, as docs/formats.md says it, by other code than the program's; an old seal is replaced. */
export function sealedJson(
  { identity }: Pick<RunDescription, "identity">,
  { seal: _, ...content }: Readonly<Record<string, unknown>>,
): string {
  const seal = createHash("sha256")
    .update(`${identity}${sorted(content)}`)
    .digest("hex")
    .slice(0, 16);
  return `${JSON.stringify(identity === undefined ? content : { ...content, seal }, null, 2)}\n`;
}

/** JSON without spaces, keys in order, nothing of what is undefined. */
function sorted(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sorted).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const fields = Object.entries(value).filter(([, part]) => part !== undefined);
  fields.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${fields.map(([key, part]) => `${JSON.stringify(key)}:${sorted(part)}`).join(",")}}`;
}

/** The description as an older version wrote it, whose journals have no seals. */
export function withoutIdentity({ identity: _, ...description }: RunDescription): RunDescription {
  return description;
}

/** A folder that is removed after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "seawall-journal-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
