/** What weights alone do not say: kept in the name of a graph and in the metadata of a file of weights. */
import type { Flavour, Normalization } from "./architectures/architecture.js";
import { type ArchitectureName, architectures } from "./architectures/index.js";

/** How a network was built, beside its sizes. */
export interface BuildRecord {
  readonly architecture: ArchitectureName;
  readonly normalization: Normalization;
  readonly flavour?: Flavour | undefined;
}

const normalizations = { none: true, imagenet: true } satisfies Record<Normalization, true>;
const flavours = { transformers: true, mmsegmentation: true, nvidia: true } satisfies Record<Flavour, true>;

/** The name of a graph: `segformer-b0 normalization=imagenet flavour=nvidia`. */
export function graphName(architecture: string, normalization: Normalization, flavour?: Flavour): string {
  return [
    architecture,
    `normalization=${normalization}`,
    ...(flavour === undefined ? [] : [`flavour=${flavour}`]),
  ].join(" ");
}

/** What a graph's name says; undefined if it is not of `graphName`. */
export function recordInName(name: string): BuildRecord | undefined {
  const [architecture = "", ...settings] = name.split(" ");
  const entries = settings.map((text) => text.split("=", 2) as [string, string | undefined]);
  return recordOf(new Map([["architecture", architecture], ...entries]));
}

/** The metadata that a file of weights carries. */
export function recordMetadata(record: BuildRecord): Map<string, string> {
  const entries = Object.entries(record).filter(([, value]) => value !== undefined);
  return new Map(entries.map(([key, value]) => [`seawall.${key}`, value as string]));
}

/** What a file's metadata says; undefined if Seawall did not write it. */
export function recordInMetadata(metadata: ReadonlyMap<string, string>): BuildRecord | undefined {
  return recordOf(new Map([...metadata].map(([key, value]) => [key.replace(/^seawall\./, ""), value])));
}

function recordOf(texts: ReadonlyMap<string, string | undefined>): BuildRecord | undefined {
  const architecture = known(architectures, texts.get("architecture"));
  const normalization = known(normalizations, texts.get("normalization"));
  if (!architecture || !normalization) return undefined;
  return { architecture, normalization, flavour: known(flavours, texts.get("flavour")) };
}

function known<K extends string>(
  table: Readonly<Record<K, unknown>>,
  text: string | undefined,
): K | undefined {
  return text !== undefined && Object.hasOwn(table, text) ? (text as K) : undefined;
}
