/** Where the page's files come from: the demo, file fields, and what is dropped. */
import { SeawallError } from "../src/base/index.js";
import type { GivenFile, Opening } from "./messages.js";

/** The files of an opening. */
export type Files = Pick<Opening, "model" | "images" | "labels">;

/** @throws SeawallError `data` if a file of the page cannot be loaded */
async function load(path: string): Promise<GivenFile> {
  const answer = await fetch(path).catch(() => undefined);
  const name = path.split("/").at(-1)!;
  if (!answer?.ok) {
    throw new SeawallError(
      "data",
      `${name} cannot be loaded; check the connection to the server of this page, and load the page again`,
    );
  }
  return { name, bytes: new Uint8Array(await answer.arrayBuffer()) };
}

/** The classes of the demo's models, in their order. */
export async function demoClasses(): Promise<string[]> {
  const { bytes } = await load("demo/street-classes.txt");
  return new TextDecoder().decode(bytes).trim().split("\n");
}

/** A demo model with its street photo. */
export async function demoFiles(model: "fragile" | "robust"): Promise<Files> {
  const [file, image] = await Promise.all([load(`demo/${model}.onnx`), load("demo/street/palace.png")]);
  return { model: file, images: [image], labels: [] };
}

/** Files as a person chose them. */
export interface Chosen {
  readonly model: File | undefined;
  readonly images: readonly File[];
  readonly labels: readonly File[];
}

/** Reads chosen files. Without an image, the demo's photo is taken. */
export async function chosenFiles(chosen: Chosen): Promise<Files> {
  if (!chosen.model) throw new SeawallError("usage", "no model is chosen; choose an .onnx file, or drop one");
  const images = chosen.images.length > 0 ? chosen.images.map(read) : [load("demo/street/palace.png")];
  const [model, ...others] = await Promise.all([read(chosen.model), ...images]);
  return { model, images: others, labels: await Promise.all(chosen.labels.map(read)) };
}

async function read(file: File): Promise<GivenFile> {
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (error) {
    throw new SeawallError("data", `${file.name} cannot be read; choose the file again`, { cause: error });
  }
}
