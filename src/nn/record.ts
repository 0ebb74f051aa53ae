/** How a network was built, recorded in the name of its graph and in the metadata of its weights file. */
import type { Flavour, Normalization } from "./architectures/architecture.js";
import { type ArchitectureName, architectures } from "./architectures/index.js";

/** The settings that decide a network's computation and cannot be told from its weights. */
export interface BuildRecord {
  readonly architecture: ArchitectureName;
  readonly normalization: Normalization;
  readonly flavour?: Flavour | undefined;
  /** Channels of the image; default 3. */
  readonly channels?: number | undefined;
}

const normalizations = { none: true, imagenet: true } satisfies Record<Normalization, true>;
const flavours = { transformers: true, mmsegmentation: true, nvidia: true } satisfies Record<Flavour, true>;

/** The name of a graph, such as `segformer-b0 normalization=imagenet flavour=nvidia`. */
export function graphName(
  architecture: string,
  normalization: Normalization,
  flavour?: Flavour,
  channels = 3,
): string {
  return [
    architecture,
    `normalization=${normalization}`,
    ...(flavour === undefined ? [] : [`flavour=${flavour}`]),
    ...(channels === 3 ? [] : [`channels=${channels}`]),
  ].join(" ");
}

/** The record in a graph's name; undefined if `graphName` did not make the name. */
export function recordInName(name: string): BuildRecord | undefined {
  const [architecture = "", ...settings] = name.split(" ");
  const entries = settings.map((text) => text.split("=", 2) as [string, string | undefined]);
  return recordOf(new Map([["architecture", architecture], ...entries]));
}

/** The record as metadata for a weights file. */
export function recordMetadata(record: BuildRecord): Map<string, string> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return new Map(entries.map(([key, value]) => [`seawall.${key}`, String(value)]));
}

/** The record in a weights file's metadata; undefined if Seawall did not write the file. */
export function recordInMetadata(metadata: ReadonlyMap<string, string>): BuildRecord | undefined {
  return recordOf(new Map([...metadata].map(([key, value]) => [key.replace(/^seawall\./, ""), value])));
}

function recordOf(texts: ReadonlyMap<string, string | undefined>): BuildRecord | undefined {
  const architecture = keyIn(architectures, texts.get("architecture"));
  const normalization = keyIn(normalizations, texts.get("normalization"));
  if (!architecture || !normalization) return undefined;
  const channels = Number(texts.get("channels") ?? 3);
  if (!Number.isInteger(channels) || channels < 1) return undefined;
  const flavour = keyIn(flavours, texts.get("flavour"));
  return { architecture, normalization, flavour, ...(channels !== 3 && { channels }) };
}

function keyIn<K extends string>(
  table: Readonly<Record<K, unknown>>,
  text: string | undefined,
): K | undefined {
  return text !== undefined && Object.hasOwn(table, text) ? (text as K) : undefined;
}
