/** The table of data sets: adding one is a file and a row here. */
import { SeawallError } from "../../base/index.js";
import type { LabelScheme } from "../pixels/labels.js";
import { ade20k } from "./ade20k.node.js";
import { camvid } from "./camvid.node.js";
import { folder } from "./folder.node.js";
import type { Layout } from "./layout.node.js";
import { type LabelVariant, type OpenOptions, overrideScheme } from "./options.js";
import { sbd } from "./sbd.node.js";
import { voc } from "./voc.node.js";

export type DatasetName = "folder" | "voc" | "sbd" | "ade20k" | "camvid";

export const datasets = { folder, voc, sbd, ade20k, camvid } satisfies Record<DatasetName, Layout>;

/** What `--data` says: a row of the table and a place. */
export interface DataSpec {
  readonly name: DatasetName;
  readonly layout: Layout;
  readonly place: string;
}

/**
 * Reads `camvid:ROOT` and the like.
 * @throws SeawallError `usage` with the forms there are.
 */
export function parseDataSpec(spec: string): DataSpec {
  const colon = spec.indexOf(":");
  const name = spec.slice(0, Math.max(colon, 0));
  const place = spec.slice(colon + 1);
  if (!isDatasetName(name) || place === "") {
    const forms = Object.values(datasets).map((layout) => layout.form);
    throw new SeawallError("usage", `--data ${spec}: expected ${forms.join(", ")}`);
  }
  return { name, layout: datasets[name], place };
}

/** How the label files of a data set are read, in one of its variants and with what overrides it. */
export function schemeOf(
  name: DatasetName,
  variant: LabelVariant | undefined,
  overrides: Pick<OpenOptions, "classes" | "ignoreLabel">,
): LabelScheme {
  const { scheme, variants }: Layout = datasets[name];
  return overrideScheme((variant && variants[variant]) ?? scheme, overrides);
}

function isDatasetName(name: string): name is DatasetName {
  return Object.hasOwn(datasets, name);
}
