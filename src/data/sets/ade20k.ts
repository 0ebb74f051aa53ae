/** ADE20K as in the scene parsing challenge of 2016. */
import type { DataFiles, DatasetLayout } from "../layouts/layout.js";
import { findRoot, pairFolders } from "../layouts/listing.js";

/** The 150 object classes in the order of their labels 1 to 150. */
const names = `
  wall, building, sky, floor, tree, ceiling, road, bed, windowpane, grass,
  cabinet, sidewalk, person, earth, door, table, mountain, plant, curtain, chair,
  car, water, painting, sofa, shelf, house, sea, mirror, rug, field,
  armchair, seat, fence, desk, rock, wardrobe, lamp, bathtub, railing, cushion,
  base, box, column, signboard, chest of drawers, counter, sand, sink, skyscraper, fireplace,
  refrigerator, grandstand, path, stairs, runway, case, pool table, pillow, screen door, stairway,
  river, bridge, bookcase, blind, coffee table, toilet, flower, book, hill, bench,
  countertop, stove, palm, kitchen island, computer, swivel chair, boat, bar, arcade machine, hovel,
  bus, towel, light, truck, tower, chandelier, awning, streetlight, booth, television receiver,
  airplane, dirt track, apparel, pole, land, bannister, escalator, ottoman, bottle, buffet,
  poster, stage, van, ship, fountain, conveyer belt, canopy, washer, plaything, swimming pool,
  stool, barrel, basket, waterfall, tent, bag, minibike, cradle, oven, ball,
  food, step, tank, trade name, microwave, pot, animal, bicycle, lake, dishwasher,
  screen, blanket, sculpture, hood, sconce, vase, traffic light, tray, ashcan, fan,
  pier, crt screen, plate, monitor, bulletin board, shower, radiator, glass, clock, flag
`;

const objects: readonly string[] = names.split(",").map((name) => name.trim());

const splitFolders: Readonly<Record<string, string>> = { val: "validation", train: "training" };

export const ade20k: DatasetLayout = {
  form: "ade20k:ROOT",
  title: "ADE20K (ADEChallengeData2016), 150 classes and 0 = other",
  images: "ROOT[/ADEChallengeData2016]/images/<split>/*.jpg, or images/*.jpg",
  labels: "annotations/<split>/*.png, or annotations/*.png",
  defaultSplit: "validation",
  trainingSplit: "training",
  // "Other" is a class, as in Croce et al.: an attack cannot be confined to the objects.
  scheme: { classes: ["other", ...objects], ignoreLabel: undefined },
  variants: {
    reduceZeroLabel: {
      title: '"other" counts nowhere, and the 150 object classes start at 0',
      classes: objects,
      ignoreLabel: 0,
      relabel: (value) => value - 1,
    },
  },

  async list({ place, split, withLabels, files }) {
    const root = await findRoot(files, place, ["ADEChallengeData2016"], "images");
    const below = await splitFolder(files, root, split);
    return pairFolders(
      files,
      files.join(root, "images", below),
      withLabels ? files.join(root, "annotations", below) : undefined,
    );
  },
};

/** The folder of a split; "" for an excerpt without split folders, unless a split was asked for. */
async function splitFolder(files: DataFiles, root: string, split: string | undefined): Promise<string> {
  if (split !== undefined) return splitFolders[split] ?? split;
  return (await files.isFolder(files.join(root, "images", "validation"))) ? "validation" : "";
}
