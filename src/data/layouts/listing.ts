/** Parts that layouts share: pairing the images of a folder with labels, reading lists, finding the root. */
import { SeawallError } from "../../base/index.js";
import type { DataFiles, Entry } from "./layout.js";

const imageTypes = [".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp"];
/** Skipping these silently would measure on fewer images than the user sees in the folder. */
const unreadTypes = [".avif", ".bmp", ".gif", ".heic", ".jp2", ".pgm", ".ppm"];

/**
 * The images of a folder sorted by name, each with the label PNG of the same name in another folder.
 * @throws SeawallError `data` for a missing folder, an image type that is not read, two images of the same name
 */
export async function pairFolders(
  files: DataFiles,
  images: string,
  labels: string | undefined,
): Promise<Entry[]> {
  const names = (await files.namesIn(images)).filter((name) => !name.startsWith("."));
  const unread = names.find((name) => unreadTypes.includes(typeOf(name)));
  if (unread) {
    throw new SeawallError(
      "data",
      `${files.join(images, unread)}: this image type is not read; expected ${imageTypes.join(", ")}. Convert it to png`,
    );
  }
  const entries = names
    .filter((name) => imageTypes.includes(typeOf(name)))
    .map((name) => ({
      id: stemOf(name),
      image: files.join(images, name),
      labels: labels === undefined ? undefined : files.join(labels, `${stemOf(name)}.png`),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  checkDistinct(entries);
  return entries;
}

function checkDistinct(entries: readonly Entry[]): void {
  entries.forEach((entry, i) => {
    const next = entries[i + 1];
    if (entry.id === next?.id) {
      throw new SeawallError(
        "data",
        `${entry.image} and ${next.image} have the same name, so labels cannot be matched; rename or remove one`,
      );
    }
  });
}

/**
 * The first of `root` and the folders `below` it that has a folder `mark` inside.
 * @throws SeawallError `data` naming the folders that were searched
 */
export async function findRoot(
  files: DataFiles,
  root: string,
  below: readonly string[],
  mark: string,
): Promise<string> {
  const candidates = [root, ...below.map((path) => files.join(root, path))];
  for (const candidate of candidates) {
    if (await files.isFolder(files.join(candidate, mark))) return candidate;
  }
  throw new SeawallError(
    "data",
    `${root}: expected a folder ${mark} in ${candidates.join(" or in ")}, found none; check the path in --data`,
  );
}

/**
 * The image names in a list file, one a line, in the order of the file.
 * @throws SeawallError `data` when the file is missing, or an entry is no name or occurs twice
 */
export async function readList(files: DataFiles, file: string): Promise<string[]> {
  const ids = (await files.readText(file)).split(/\s+/).filter(Boolean);
  const seen = new Set<string>();
  for (const id of ids) {
    // A name with a slash would leave the data set's folders.
    if (!/^[\w.-]+$/.test(id) || seen.has(id)) {
      throw new SeawallError(
        "data",
        `${file}: expected one image name a line, each once, got "${id.slice(0, 80)}"${seen.has(id) ? " twice" : ""}`,
      );
    }
    seen.add(id);
  }
  return ids;
}

/** The ending of a file name in lower case, with its dot; "" where there is none. */
function typeOf(name: string): string {
  return /.(\.[^.]*)$/.exec(name)?.[1]?.toLowerCase() ?? "";
}

function stemOf(name: string): string {
  return name.slice(0, name.length - typeOf(name).length);
}
