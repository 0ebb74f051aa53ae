/** The label ids of Cityscapes (cityscapesScripts, `labels.py`). */
/** Names of the evaluated classes by label id, in the order of their train ids 0 to 18. */
const classNames: Readonly<Record<number, string>> = {
  7: "road",
  8: "sidewalk",
  11: "building",
  12: "wall",
  13: "fence",
  17: "pole",
  19: "traffic light",
  20: "traffic sign",
  21: "vegetation",
  22: "terrain",
  23: "sky",
  24: "person",
  25: "rider",
  26: "car",
  27: "truck",
  28: "bus",
  31: "train",
  32: "motorcycle",
  33: "bicycle",
};
const evaluatedIds = Object.keys(classNames).map(Number);
/** Label ids end here; the ids up to it that have no class count nowhere. */
const lastId = 33;

export const cityscapesIds = {
  /** The 19 classes, by train id. */
  names: Object.values(classNames),
  /** The train id of a label id, −1 where it counts nowhere; values above the label ids stay. */
  classOf: (id: number) => (id > lastId ? id : evaluatedIds.indexOf(id)),
} as const;
