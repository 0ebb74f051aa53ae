/** The page's files without a browser: chosen ones as folders, and what a run keeps beside its figures. */
import { describe, expect, it } from "vitest";
import { openDataIn } from "../../src/data/index.js";
import { chosenData } from "../../web/access.js";
import { KeptFiles } from "../../web/kept.js";
import { describeWith } from "../journal/runs.js";

const file = (name: string) => ({ name, bytes: new Uint8Array([1, 2, 3]) });
const places = { model: "m.onnx", images: "images", labels: "labels" };
const undecoded = async () => {
  throw new Error("nothing is decoded here");
};
const chosen = (images: string[], labels: string[] = []) =>
  chosenData(
    { images: images.map(file), labels: labels.map(file), places },
    { decodeImage: undecoded, decodeLabels: undecoded },
  );

describe("chosen files", () => {
  it("are listed as in folders, in the order of their names", async () => {
    const data = chosen(["b.png", "a.1.jpg"], ["a.1.png", "b.png"]);
    const { ids, entries } = await openDataIn(data, "folder:images,labels", {});
    expect(ids).toEqual(["a.1", "b"]);
    expect(entries.map(({ labels }) => labels)).toEqual(["labels/a.1.png", "labels/b.png"]);
  });

  it("need no names that fit where there is one image with one label file", async () => {
    const { entries } = await openDataIn(chosen(["photo.jpg"], ["mask.png"]), "folder:images,labels", {});
    expect(entries[0]).toMatchObject({ image: "images/photo.jpg", labels: "labels/photo.png" });
  });

  it("are refused by name where two have the same name, or one is missing", async () => {
    expect(() => chosen([])).toThrow("no image is chosen; choose one or more");
    expect(() => chosen(["a.png", "a.png"])).toThrow("a.png: two files have this name; rename one of them");
    const lacking = openDataIn(chosen(["a.png", "b.png"], ["a.png"]), "folder:images,labels", {});
    await expect(lacking).rejects.toThrow('labels/b.png: no such file, the labels of "b"');
  });
});

describe("what a run keeps", () => {
  const webp = new TextEncoder().encode("RIFF....WEBP");

  it("is found by its paths in a run folder", () => {
    const kept = new KeptFiles();
    const store = kept.storeOf(describeWith());
    store.writePicture({ index: 2, slot: 1, kind: "prediction" }, webp);
    store.writePicture({ index: 3, slot: 1, kind: "prediction" }, webp);
    store.writePicture({ index: 3, slot: 0, kind: "image" }, new TextEncoder().encode("\x89PNG"));
    store.removePictures({ index: 3, slot: 1 });
    kept.addPerturbed(() => ({ "2-1.npy": webp }), 12);
    expect(Object.keys(kept.contents(kept.pictures()))).toEqual([
      "pictures/2-1.prediction.webp",
      "perturbed/2-1.npy",
    ]);
  });

  it("is bounded, and says how much it left out", () => {
    const kept = new KeptFiles();
    kept.addPerturbed(() => ({ "0-0.npy": webp }), 2 ** 30);
    kept.addPerturbed(() => {
      throw new Error("there is no room to make it");
    }, 1);
    expect([kept.left, Object.keys(kept.contents([]))]).toEqual([1, ["perturbed/0-0.npy"]]);
  });
});
