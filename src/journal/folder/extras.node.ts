/**
 * What a run folder holds besides figures: small pictures and traces of attacks for its report, perturbed images, and
 * while it runs the points that attacks have kept and who works for it.
 */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { formatJson, parseJson, SeawallError } from "../../base/index.js";
import {
  attempt,
  copyFileAtomic,
  isLeftover,
  readText,
  removeLeftovers,
  writeFileAtomic,
} from "../../base/index.node.js";
import { memberNames, type RunDescription } from "../description.js";
import { slotOf, slotsOf } from "../record.js";
import { type StoredTrace, traceProblem, traceSchema } from "../trace.js";
import {
  extraFolders,
  type PictureKey,
  pictureName,
  pictureNamed,
  picturesOf,
  type RecordPlace,
  recordFileName,
  runFiles,
} from "./files.js";

/** Who works for a run with a queue. */
const workersFile = "workers.json";
const largestWorkers = 16 * 2 ** 20;

const seconds = z.number().min(0);
const workersSchema = z.strictObject({
  /** Address of the queue, without a password. */
  queue: z.string().max(1000),
  workers: z
    .array(
      z.strictObject({
        host: z.string().max(255),
        pid: z.int().min(0),
        /** For how long it works. */
        seconds,
        /** Images that it attacks in parallel. */
        parallel: z.int().min(1),
        /** Attacks that it has made. */
        attacks: z.int().min(0),
        /** The attacks that it makes, and for how long. */
        doing: z.array(z.strictObject({ attack: z.string().max(1000), seconds })).max(4096),
      }),
    )
    .max(4096),
});

/** The workers of a run with a queue, as its coordinator has heard of them last. */
export type RunWorkers = z.infer<typeof workersSchema>;

const largestPicture = 2 ** 20;
const largestPoint = 2 ** 32;
const largestTrace = 16 * 2 ** 20;

function pictureFile(dir: string, key: PictureKey): string {
  return join(dir, extraFolders.pictures, pictureName(key));
}

/** Writes a picture, WebP, as a whole or not at all. */
export function writePicture(dir: string, key: PictureKey, webp: Uint8Array): void {
  attempt(dir, "written", () => mkdirSync(join(dir, extraFolders.pictures), { recursive: true }));
  writeFileAtomic(pictureFile(dir, key), webp);
}

/** The pictures in the folder of a run or training, by image and slot; files with other names are none. */
export function listPictures(dir: string): PictureKey[] {
  const folder = join(dir, extraFolders.pictures);
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const keys = namesIn(folder).flatMap((name) => pictureNamed(name) ?? []);
  return keys.sort((a, b) => a.index - b.index || a.slot - b.slot);
}

/**
 * The bytes of a picture.
 * @throws SeawallError `journal` if it is no WebP of a small picture
 */
export function readPicture(dir: string, key: PictureKey): Uint8Array {
  const file = pictureFile(dir, key);
  const bytes = attempt(file, "read", () => {
    // A link could lead out of the folder, and reading a pipe would not end.
    const stat = lstatSync(file);
    return stat.isFile() && stat.size <= largestPicture ? readFileSync(file) : Buffer.alloc(0);
  });
  if (bytes.toString("latin1", 0, 4) === "RIFF" && bytes.toString("latin1", 8, 12) === "WEBP") return bytes;
  throw new SeawallError("journal", `${file}: no small WebP picture; delete it, and the report does without`);
}

/** Removes a record's pictures. */
export function removePictures(dir: string, place: RecordPlace): void {
  for (const key of picturesOf(place)) rmSync(pictureFile(dir, key), { force: true });
}

/** Removes the pictures that are not to be kept. */
export function prunePictures(dir: string, keep: (key: PictureKey) => boolean): void {
  for (const key of listPictures(dir)) if (!keep(key)) rmSync(pictureFile(dir, key), { force: true });
}

function pointFile(dir: string, place: RecordPlace): string {
  return join(dir, extraFolders.points, recordFileName(place, "f32"));
}

/** Writes the point that a record counts, C·H·W floats in the machine's byte order, as a whole or not at all. */
export function writePoint(dir: string, place: RecordPlace, point: Float32Array): void {
  attempt(dir, "written", () => mkdirSync(join(dir, extraFolders.points), { recursive: true }));
  writeFileAtomic(pointFile(dir, place), new Uint8Array(point.buffer, point.byteOffset, point.byteLength));
}

/** The point of a record; undefined where it is not stored, or damaged. */
export function readPoint(dir: string, place: RecordPlace): Float32Array | undefined {
  const file = pointFile(dir, place);
  if (!existsSync(file) || statSync(file).size > largestPoint) return undefined;
  const bytes = attempt(file, "read", () => readFileSync(file));
  return bytes.length % 4 === 0 ? new Float32Array(new Uint8Array(bytes).buffer) : undefined;
}

/** Writes the files of the image that a record counts, by their names, each as a whole or not at all. */
export function writePerturbed(dir: string, files: Readonly<Record<string, Uint8Array>>): void {
  const folder = join(dir, extraFolders.perturbed);
  attempt(dir, "written", () => mkdirSync(folder, { recursive: true }));
  for (const [name, bytes] of Object.entries(files)) writeFileAtomic(join(folder, name), bytes);
}

/** Removes the points of a radius, and the folder after the last one. */
export function removePoints(dir: string, run: RunDescription, eps: string): void {
  const folder = join(dir, extraFolders.points);
  const slots = memberNames(run.protocol).map((attack) => `-${slotOf(run, { attack, eps })}.f32`);
  for (const name of entriesOf(folder)) {
    if (slots.some((end) => name.endsWith(end))) rmSync(join(folder, name), { force: true });
  }
  if (entriesOf(folder).length === 0) rmSync(folder, { recursive: true, force: true });
}

function traceFile(dir: string, place: RecordPlace): string {
  return join(dir, extraFolders.traces, recordFileName(place, "json"));
}

/** Writes a trace, as a whole or not at all. */
export function writeTrace(dir: string, run: RunDescription, trace: StoredTrace): void {
  attempt(dir, "written", () => mkdirSync(join(dir, extraFolders.traces), { recursive: true }));
  const file = traceFile(dir, { index: trace.index, slot: slotOf(run, trace)! });
  writeFileAtomic(file, `${JSON.stringify(trace)}\n`);
}

/**
 * The trace of a record; undefined where none is stored.
 * @throws SeawallError `journal` naming a file that is damaged or none of this run's
 */
export function readTrace(dir: string, run: RunDescription, place: RecordPlace): StoredTrace | undefined {
  const file = traceFile(dir, place);
  return existsSync(file) ? traceIn(file, run) : undefined;
}

function traceIn(file: string, run: RunDescription): StoredTrace {
  const trace = parseJson(traceSchema, readText(file, largestTrace), file);
  const problem = traceProblem(run, trace);
  if (problem) throw new SeawallError("journal", `${file}: ${problem}`);
  return trace;
}

/**
 * The traces of a run folder, by image and slot.
 * @throws SeawallError `journal` naming a file that is damaged or none of this run's
 */
export function readTraces(dir: string, run: RunDescription): StoredTrace[] {
  const folder = join(dir, extraFolders.traces);
  const names = namesIn(folder).filter((name) => name.endsWith(".json"));
  const traces = names.map((name) => traceIn(join(folder, name), run));
  const place = (trace: StoredTrace) => trace.index * slotsOf(run) + slotOf(run, trace)!;
  return traces.sort((a, b) => place(a) - place(b));
}

/** Copies what a run folder keeps besides figures into another. */
export function copyExtras(from: string, to: string): void {
  for (const folder of [extraFolders.pictures, extraFolders.traces, extraFolders.perturbed]) {
    const [source, target] = [from, to].map((dir) => join(dir, folder)) as [string, string];
    const names = namesIn(source);
    if (names.length > 0) attempt(target, "created", () => mkdirSync(target, { recursive: true }));
    for (const name of names) copyFileAtomic(join(source, name), join(target, name));
  }
}

/** Removes a run's files, its description first: the rest is no run without it. */
export function removeRun(dir: string): void {
  for (const name of [...Object.values(runFiles), ...Object.values(extraFolders)])
    rmSync(join(dir, name), { recursive: true, force: true });
  removeLeftovers(dir);
}

/** Removes what a process that died while it wrote has left; only for who holds the run's lock. */
export function removeRunLeftovers(dir: string): void {
  for (const folder of [dir, ...Object.values(extraFolders).map((name) => join(dir, name))])
    removeLeftovers(folder);
}

function namesIn(folder: string): string[] {
  return entriesOf(folder).filter((name) => !isLeftover(name));
}

function entriesOf(folder: string): string[] {
  return existsSync(folder) ? attempt(folder, "read", () => readdirSync(folder)) : [];
}

/** Writes who works for a run, as a whole or not at all. */
export function writeRunWorkers(dir: string, workers: RunWorkers): void {
  writeFileAtomic(join(dir, workersFile), formatJson(workers));
}

/**
 * Who works for a run; undefined where nothing is known.
 * @throws SeawallError `journal` for a damaged file
 */
export function readRunWorkers(dir: string): RunWorkers | undefined {
  const file = join(dir, workersFile);
  if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) return undefined;
  return parseJson(workersSchema, readText(file, largestWorkers), file);
}

export function removeRunWorkers(dir: string): void {
  rmSync(join(dir, workersFile), { force: true });
}
