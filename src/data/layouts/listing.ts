/** Parts that layouts share: pairing the images of a folder with labels, reading lists, finding the root. */
import { SeawallError } from "../../base/index.js";
import type { DataFiles, Listing } from "./layout.js";
import { endsInSuffix, type FoundFile, pairByName, suffixAmong } from "./pairing.js";

const imageTypes = [".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".npy"];
/** The one that stands first is taken where a name has several. */
const labelTypes = [".png", ".tif", ".tiff", ".bmp", ".npy"];
/** Skipping these silently would measure on fewer images than the user sees in the folder. */
const unreadTypes = [".avif", ".bmp", ".gif", ".heic", ".jp2", ".pgm", ".ppm"];
/** Folders in folders, at most: links could lead in a circle. */
const deepest = 8;

/** Options of `pairFolders`. */
export interface PairOptions {
  /** What label names have and image names lack; default: nothing, or the only known suffix that fits. */
  readonly labelSuffix?: string | undefined;
}

/**
 * The images of a folder sorted by name, each with its label file in another folder: that of the same name, or with a
 * suffix. If the folder has no image of its own, the images of its sub-folders, whose labels lie in sub-folders of the
 * same names.
 * @throws SeawallError `data` for a missing folder, an image type that is not read, two images of the same name, and
 * label files whose names do not fit
 */
export async function pairFolders(
  files: DataFiles,
  images: string,
  labels: string | undefined,
  { labelSuffix }: PairOptions = {},
): Promise<Listing> {
  const own = await filesOf(files, images, "");
  const nested = !own.some(({ name }) => isImage(name));
  const all = nested ? await filesBelow(files, images, "", deepest) : own;
  refuseUnread(all);
  const listed = all.filter(({ name }) => isImage(name)).sort(byStem);
  if (labels === undefined) {
    checkDistinct(listed);
    return { entries: listed.map(({ stem, path }) => ({ id: stem, image: path, labels: undefined })) };
  }
  const stored = nested ? await filesBelow(files, labels, "", deepest) : await filesOf(files, labels, "");
  const candidates = stored.filter(({ name }) => labelTypes.includes(typeOf(name))).sort(byType);
  const suffix = images === labels ? (labelSuffix ?? suffixBeside(listed, images)) : labelSuffix;
  const isLabel = ({ stem }: FoundFile) => images === labels && endsInSuffix(stem, suffix!);
  const wanted = listed.filter((file) => !isLabel(file));
  checkDistinct(wanted);
  const missing = (stem: string) => files.join(labels, ...`${stem}.png`.split("/"));
  return pairByName(wanted, candidates, suffix, { images, labels }, missing);
}

/** Labels may lie beside their images, told by their suffix. */
function suffixBeside(found: readonly FoundFile[], folder: string): string {
  const suffix = suffixAmong(found);
  if (suffix !== undefined) return suffix;
  throw new SeawallError(
    "data",
    `${folder}: images and labels are the same folder, and no known suffix tells them apart; name what label files have at the end with --label-suffix`,
  );
}

interface Listed extends FoundFile {
  readonly name: string;
}

/** The files of a folder, without hidden ones. @param below the folder's place, for the stems */
async function filesOf(files: DataFiles, folder: string, below: string): Promise<Listed[]> {
  const names = (await files.namesIn(folder)).filter((name) => !name.startsWith("."));
  return names.map((name) => ({ name, path: files.join(folder, name), stem: below + stemOf(name) }));
}

/** The files of a folder and of the folders in it. */
async function filesBelow(files: DataFiles, folder: string, below: string, depth: number): Promise<Listed[]> {
  const found: Listed[] = [];
  for (const file of await filesOf(files, folder, below)) {
    if (!(await files.isFolder(file.path))) found.push(file);
    else if (depth > 0)
      found.push(...(await filesBelow(files, file.path, `${below}${file.name}/`, depth - 1)));
  }
  return found;
}

function refuseUnread(found: readonly Listed[]): void {
  const unread = found.find(({ name }) => unreadTypes.includes(typeOf(name)));
  if (!unread) return;
  throw new SeawallError(
    "data",
    `${unread.path}: this image type is not read; expected ${imageTypes.join(", ")}. Convert it to png`,
  );
}

function isImage(name: string): boolean {
  return imageTypes.includes(typeOf(name));
}

function byStem(a: FoundFile, b: FoundFile): number {
  return a.stem < b.stem ? -1 : 1;
}

function byType(a: Listed, b: Listed): number {
  return labelTypes.indexOf(typeOf(a.name)) - labelTypes.indexOf(typeOf(b.name));
}

function checkDistinct(images: readonly FoundFile[]): void {
  images.forEach((image, i) => {
    const next = images[i + 1];
    if (image.stem === next?.stem) {
      throw new SeawallError(
        "data",
        `${image.path} and ${next.path} have the same name, so labels cannot be matched; rename or remove one`,
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
 * @throws SeawallError `data` when the file is missing or empty, or an entry is no name or occurs twice
 */
export async function readList(files: DataFiles, file: string): Promise<string[]> {
  const ids = (await files.readText(file)).split(/\s+/).filter(Boolean);
  if (ids.length === 0) {
    throw new SeawallError(
      "data",
      `${file}: lists no image; expected one image name a line; copy the list again`,
    );
  }
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
