/** Chosen files as the folders of a data set: they open by the same function as those on a disk. */
import { SeawallError } from "../src/base/index.js";
import type { DataAccess, StoredImage, StoredLabels } from "../src/data/index.js";
import type { GivenFile, Opening } from "./messages.js";

/** What reads files in a browser. */
export interface Decoders {
  decodeImage(file: GivenFile): Promise<StoredImage>;
  decodeLabels(file: GivenFile): Promise<StoredLabels>;
}

/**
 * The chosen images and labels, in the folders that the opening names.
 * @throws SeawallError `data` if there is no image, or two files have the same name
 */
export function chosenData(
  { images, labels, places }: Pick<Opening, "images" | "labels" | "places">,
  { decodeImage, decodeLabels }: Decoders,
): DataAccess {
  const [only, another] = images;
  if (!only) throw new SeawallError("data", "no image is chosen; choose one or more");
  // The labels of an only image may have any name.
  const labelName = ({ name }: GivenFile) =>
    another ? name : partsOf(only.name).stem + partsOf(name).ending;
  const folders = new Map([
    [places.images, named(images, ({ name }) => name)],
    [places.labels, named(labels, labelName)],
  ]);
  const find = (path: string) => {
    const [, folder = "", name = ""] = /^(.*)\/([^/]*)$/.exec(path) ?? [];
    return folders.get(folder)?.get(name);
  };
  const file = (path: string) => {
    const found = find(path);
    if (found) return found;
    throw new SeawallError("data", `${path}: no such file is chosen; choose it, or take the others out`);
  };
  const readImage = async (path: string) => decodeImage(file(path));
  return {
    join: (...parts) => parts.join("/"),
    isFolder: async (path) => folders.has(path),
    namesIn: async (folder) => [...(folders.get(folder)?.keys() ?? [])].sort(),
    readText: async (path) => new TextDecoder().decode(file(path).bytes),
    readBytes: async (path) => file(path).bytes,
    stampOf: async (path) => {
      const found = find(path);
      return found && { size: found.bytes.length, changed: 0 };
    },
    readImage,
    readImageSize: readImage,
    readLabels: async (path) => decodeLabels(file(path)),
  };
}

function named(
  files: readonly GivenFile[],
  nameOf: (file: GivenFile) => string,
): ReadonlyMap<string, GivenFile> {
  const byName = new Map<string, GivenFile>();
  for (const file of files) {
    const name = nameOf(file);
    if (byName.has(name))
      throw new SeawallError("data", `${file.name}: two files have this name; rename one of them`);
    byName.set(name, file);
  }
  return byName;
}

/** `photo.1.png` → `photo.1` and `.png` */
function partsOf(name: string): { stem: string; ending: string } {
  const ending = /\.[^.]*$/.exec(name)?.[0] ?? "";
  return { stem: name.slice(0, name.length - ending.length), ending };
}
