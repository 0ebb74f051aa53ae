/** Where the page's files come from: the demo, file fields, and what is dropped. */
import { SeawallError } from "../src/base/index.js";
import type { GivenFile, Opening } from "./messages.js";

/** The files of an opening. */
export type Files = Pick<Opening, "model" | "images" | "labels" | "places" | "classNames">;

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

/** Images and labels as a person chose them. Without an image, the demo's photo is taken. */
export interface ChosenImages {
  readonly images: readonly File[];
  readonly labels: readonly File[];
}

/** A demo model, and the names of its classes. */
export async function demoModel(name: "fragile" | "robust", chosen: ChosenImages): Promise<Files> {
  const [model, classes, images] = await Promise.all([
    load(`demo/${name}.onnx`),
    load("demo/street-classes.txt"),
    readImages(chosen),
  ]);
  const classNames = new TextDecoder().decode(classes.bytes).trim().split("\n");
  const places = { ...images.places, model: `demo/${name}.onnx`, classes: "demo/street-classes.txt" };
  return { ...images, model, classNames, places };
}

/** A person's own model. */
export async function chosenModel(file: File, chosen: ChosenImages): Promise<Files> {
  const [model, images] = await Promise.all([read(file), readImages(chosen)]);
  return { ...images, model, classNames: [], places: { ...images.places, model: file.name } };
}

async function readImages({ images, labels }: ChosenImages) {
  const own = images.length > 0;
  const photos = own ? images.map(read) : [load("demo/street/palace.png")];
  return {
    images: await Promise.all(photos),
    labels: await Promise.all(labels.map(read)),
    places: { images: own ? "images" : "demo/street", labels: "labels" },
  };
}

async function read(file: File): Promise<GivenFile> {
  try {
    return { name: file.name, bytes: new Uint8Array(await file.arrayBuffer()) };
  } catch (error) {
    throw new SeawallError("data", `${file.name} cannot be read; choose the file again`, { cause: error });
  }
}
