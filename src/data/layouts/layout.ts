/** What a row of the table of data sets says: where the files lie and what the stored labels mean. */
import type { StoredImage } from "../pixels/encoding.js";
import type { LabelScheme } from "../pixels/labels.js";
import type { Size } from "../pixels/raster.js";
import type { StoredLabels } from "../pixels/stored.js";

/** One image and the label file that belongs to it. */
export interface Entry {
  /** Name of the image, unique in its data set. */
  readonly id: string;
  readonly image: string;
  /** Undefined where no labels are wanted. */
  readonly labels: string | undefined;
  /** Coding of the label file, a key of `codings` of the layout; default: that of the layout's scheme. */
  readonly coding?: string | undefined;
}

/** Size in bytes and time of the last change in milliseconds: tells that a file was written again. */
export interface Stamp {
  readonly size: number;
  readonly changed: number;
}

/** An entry whose files were found, with their stamps; no label stamp where no labels are wanted. */
export interface StampedEntry extends Entry {
  readonly stamps: { readonly image: Stamp; readonly labels: Stamp | undefined };
}

/** The file system as far as a layout needs it; handed in, so that layouts themselves run in a page. */
export interface DataFiles {
  join(...parts: string[]): string;
  isFolder(path: string): Promise<boolean>;
  /**
   * Names in a folder, sorted by code unit.
   * @throws SeawallError `data` when there is no such folder or it cannot be read
   */
  namesIn(folder: string): Promise<string[]>;
  /**
   * Text of a file.
   * @throws SeawallError `data` when it is missing, unreadable, no plain file or too large
   */
  readText(file: string): Promise<string>;
}

/** All that opening a data set asks of its files; handed in, so that a data set opens in a page, too. */
export interface DataAccess extends DataFiles {
  /** The stamp of a plain file; undefined where there is none. */
  stampOf(file: string): Promise<Stamp | undefined>;
  /** The bytes of a file; errors as `readText`. */
  readBytes(file: string): Promise<Uint8Array>;
  /** @throws SeawallError `data` when the file is missing, damaged, too large or of another format */
  readImage(file: string): Promise<StoredImage>;
  /** The stored size of an image and its EXIF orientation; errors as `readImage`. */
  readImageSize(file: string): Promise<Size & Pick<StoredImage, "orientation">>;
  /** The values of a label file; errors as `readImage`. */
  readLabels(file: string): Promise<StoredLabels>;
}

/** What was listed, and what was found out on the way. */
export interface Listing {
  readonly entries: readonly Entry[];
  /** What label names have and image names lack, such as `_mask`. */
  readonly labelSuffix?: string | undefined;
  /** Decisions for the user to know, one sentence each. */
  readonly notices?: readonly string[];
}

/** A request to list the images of a data set. */
export interface ListRequest {
  /** What follows the colon in `--data`. */
  readonly place: string;
  /** Undefined: the default split. */
  readonly split: string | undefined;
  readonly withLabels: boolean;
  /** What follows the image's name in the name of its label file; undefined: found out. */
  readonly labelSuffix?: string | undefined;
  readonly files: DataFiles;
}

/** Another reading of the same label files. */
export interface LabelVariant extends LabelScheme {
  /** What is different, for the documentation. */
  readonly title: string;
}

/** How the publication that a data set's figures are compared with evaluates it (`--protocol authors`). */
export interface PublishedEvaluation {
  /** A key of the layout's `variants`. */
  readonly labelVariant?: string | undefined;
  /** One weight for each class, for class-balanced losses. */
  readonly classWeights?: readonly number[] | undefined;
}

/** A row of the table of data sets. The texts are for help and documentation, which print the table. */
export interface DatasetLayout {
  /** How the data set is written after `--data`, for example `camvid:ROOT`. */
  readonly form: string;
  readonly title: string;
  readonly images: string;
  readonly labels: string;
  readonly defaultSplit: string | undefined;
  /** Split that models are trained on; class weights are counted from its labels. */
  readonly trainingSplit: string | undefined;
  readonly scheme: LabelScheme;
  /** Other readings of the labels, by the name that `--label-variant` takes. */
  readonly variants: Readonly<Record<string, LabelVariant>>;
  /** For label files stored in other values than the scheme reads: the class of a stored value, by coding. */
  readonly codings?: Readonly<Record<string, (value: number) => number>> | undefined;
  /** Left out where strict and published evaluation are the same. */
  readonly published?: PublishedEvaluation | undefined;
  /**
   * Lists the images in their order. The caller checks that the files exist.
   * @throws SeawallError `usage` or `data` when the place or the split is wrong
   */
  list(request: ListRequest): Promise<readonly Entry[] | Listing>;
}

/** Rows by name. */
export type DatasetTable = Readonly<Record<string, DatasetLayout>>;
