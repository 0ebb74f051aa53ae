/** A run folder as a zip: packed by a page, read by whoever takes a run folder. A zip may come from anyone. */
import { strToU8, type UnzipFileInfo, unzipSync, zipSync } from "fflate";
import { messageOf, SeawallError } from "../../base/index.js";
import { extraFolders, pictureNamed, runFiles } from "./files.js";

/** The files of a run folder by their paths in it. */
export type RunFileContents = Readonly<Record<string, Uint8Array | string>>;

/** More does not fit into a zip of the common form. */
const largestZip = 4 * 2 ** 30 - 2 ** 20;

/**
 * Packs the files of a run folder. Texts are compressed; arrays of floats and pictures hardly become smaller.
 * @throws SeawallError `journal` for more than a zip can hold
 */
export function packRun(files: RunFileContents): Uint8Array<ArrayBuffer> {
  const entries = Object.entries(files).map(([path, content]) =>
    typeof content === "string"
      ? ([path, [strToU8(content), { level: 6 }]] as const)
      : ([path, [content, { level: 0 }]] as const),
  );
  const bytes = entries.reduce((sum, [, [{ length }]]) => sum + length, 0);
  if (bytes > largestZip) {
    throw new SeawallError(
      "journal",
      `the run has ${(bytes / 2 ** 30).toFixed(1)} GiB of files, and a zip holds 4 GiB; attack fewer or smaller images`,
    );
  }
  return zipSync(Object.fromEntries(entries) as Parameters<typeof zipSync>[0]) as Uint8Array<ArrayBuffer>;
}

/** The most bytes that each file may have, and all together. */
const largestText = 64 * 2 ** 20;
const largestExtra = 16 * 2 ** 20;
const largestRun = 2 * 2 ** 30;

/** Deflate makes content that cannot be compressed larger by less than this. */
const mostOverhead = (bytes: number) => 1024 + bytes / 100;

/** The size limit of a file that is read of a run folder; undefined for the name of any other file. */
function limitOf(path: string): number | undefined {
  if (path === runFiles.journal) return largestRun;
  if (path === runFiles.run || path === runFiles.result) return largestText;
  const [folder, name = "", more] = path.split("/");
  if (more !== undefined) return undefined;
  if (folder === extraFolders.pictures && pictureNamed(name)) return largestExtra;
  return folder === extraFolders.traces && /^\d{1,9}-\d{1,7}\.json$/.test(name) ? largestExtra : undefined;
}

/**
 * The files of a zipped run folder that figures and reports are made of, by their paths in it. The zip may hold the folder
 * itself, or what is in it. Perturbed images and stored reports are left out: nothing reads them.
 * @throws SeawallError `journal` for a zip that is damaged, holds no run, or would write outside its folder or fill the disk
 */
export function unpackRun(zip: Uint8Array): Map<string, Uint8Array> {
  const names = namesIn(zip);
  const top = topFolder(names);
  const sizes = new Map<string, number>();
  const unpacked = unzip(zip, entryGate(top, sizes));
  return new Map(
    [...sizes].map(([path, size]) => {
      const content = unpacked[top + path];
      if (content?.length !== size) refuseZip(`${path} ends beyond the file: it is cut off or damaged`);
      return [path, content];
    }),
  );
}

/** @throws SeawallError `journal`, always */
function refuseZip(problem: string): never {
  throw new SeawallError("journal", `${problem}; save the run again, or give its folder`);
}

function unzip(zip: Uint8Array, filter: (entry: UnzipFileInfo) => boolean): Record<string, Uint8Array> {
  try {
    return unzipSync(zip, { filter });
  } catch (error) {
    if (error instanceof SeawallError) throw error;
    return refuseZip(`not a whole zip file (${messageOf(error)})`);
  }
}

/** The names of all entries, which must lie in the folder that the zip is unpacked to. */
function namesIn(zip: Uint8Array): Set<string> {
  const names = new Set<string>();
  unzip(zip, ({ name }) => {
    if (/^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)/.test(name))
      refuseZip(`it names a file outside of its folder (${JSON.stringify(name.slice(0, 100))})`);
    // Also ends a directory that claims more entries than there are: beyond its end, names are empty.
    if (names.has(name)) refuseZip(`its directory names ${JSON.stringify(name.slice(0, 100))} twice`);
    names.add(name);
    return false;
  });
  return names;
}

/** The folder in the zip that holds the run, with a slash; empty if the run is not in a folder. */
function topFolder(names: ReadonlySet<string>): string {
  const found = [...names].filter((name) => /^([^/]+\/)?run\.json$/.test(name));
  const [only, another] = found;
  if (only === undefined) return refuseZip(`a zip without ${runFiles.run}, so it holds no run`);
  if (another !== undefined) refuseZip(`a zip of several runs (${only}, ${another}); unpack it`);
  return only.slice(0, -runFiles.run.length);
}

/** Accepts the files that are read, each as large as it may be; nothing larger is unpacked. */
function entryGate(top: string, sizes: Map<string, number>): (entry: UnzipFileInfo) => boolean {
  let total = 0;
  return ({ name, size, originalSize }) => {
    const path = name.startsWith(top) ? name.slice(top.length) : "";
    const limit = limitOf(path);
    if (limit === undefined) return false;
    total += originalSize;
    if (originalSize > limit || total > largestRun)
      refuseZip(`${path} would unpack to ${originalSize} bytes, more than such a file can have`);
    if (size > originalSize + mostOverhead(originalSize))
      refuseZip(`${path} is ${size} bytes, which claim to hold ${originalSize}: it is damaged`);
    sizes.set(path, originalSize);
    return true;
  };
}
