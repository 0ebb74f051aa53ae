/** Label files of the Semantic Boundaries Dataset: SciPy's, and hostile ones. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readLabelMat } from "../../src/data/index.node.js";
import { array, bytes, element, matFile, packed, sbdMask, struct } from "./mat.js";
import { folderWith } from "./pixels.js";

const golden = fileURLToPath(new URL("../golden/sbd/", import.meta.url));
const mask: number[][] = JSON.parse(readFileSync(join(golden, "masks.json"), "utf8"));

async function fileOf(content: Uint8Array): Promise<string> {
  return join(await folderWith({ "a.mat": content }), "a.mat");
}

async function refusal(content: Uint8Array): Promise<string> {
  const file = await fileOf(content);
  const error = await readLabelMat(file).then(
    () => undefined,
    (thrown) => thrown,
  );
  expect(error).toMatchObject({ name: "SeawallError", code: "data" });
  expect(error.message).toContain(`${file}: `);
  return error.message;
}

describe("a mask", () => {
  it.each(["packed.mat", "plain.mat"])("of SciPy is read row by row: %s", async (name) => {
    const read = await readLabelMat(join(golden, name));
    expect(read).toEqual({ height: 3, width: 5, values: Uint8Array.from(mask.flat()) });
  });

  it("is found after other variables and fields", async () => {
    const fields = { Boundaries: bytes([1, 1], [7]), Segmentation: bytes([1, 2], [3, 4]) };
    const file = await fileOf(matFile(bytes([1, 1], [1], "x"), packed(struct("GTcls", fields))));
    expect((await readLabelMat(file)).values).toEqual(Uint8Array.of(3, 4));
  });
});

describe("a hostile file", () => {
  const good = () => bytes([2, 2], [0, 1, 2, 3]);
  const gtcls = (segmentation: Buffer, dims = [1, 1]) =>
    matFile(struct("GTcls", { Segmentation: segmentation }, dims));

  it.each<[string, Buffer, string]>([
    ["is empty", Buffer.alloc(0), "not a MATLAB 5 file"],
    ["is text", Buffer.alloc(500, "a"), "not a MATLAB 5 file"],
    ["is HDF5 (MATLAB 7.3)", Buffer.from(`\x89HDF\r\n\x1a\n${"\0".repeat(200)}`, "latin1"), "not a MATLAB 5"],
    ["has no variable", matFile(), "it has no variable GTcls"],
    ["has another variable", matFile(good()), "it has no variable GTcls"],
    ["has a matrix for a struct", matFile(bytes([1, 1], [1], "GTcls")), "not a struct with one element"],
    ["has two structs in one", gtcls(good(), [2, 1]), "not a struct with one element"],
    ["has no such field", matFile(struct("GTcls", { Other: good() })), "has no field Segmentation"],
    ["holds doubles", gtcls(array(6, [1, 1], "", [element(9, Buffer.alloc(8))])), "is not a uint8 matrix"],
    ["has three dimensions", gtcls(bytes([2, 2, 1], [0, 1, 2, 3])), "is not a uint8 matrix"],
    ["is a huge matrix", gtcls(bytes([65536, 65536], [0])), "has 65536x65536 pixels"],
    ["is a negative one", gtcls(bytes([-2, -2], [0, 1, 2, 3])), "has -2x-2 pixels"],
    ["is an empty one", gtcls(bytes([0, 5], [])), "has 0x5 pixels"],
    ["has fewer bytes than it says", gtcls(bytes([2, 3], [0, 1, 2, 3])), "does not hold its 2x3 bytes"],
    ["has more bytes than it says", gtcls(bytes([1, 3], [0, 1, 2, 3])), "does not hold its 1x3 bytes"],
    ["says that it is longer", matFile(element(14, good())).fill(0xff, 132, 136), "the file is truncated"],
    ["has a damaged packed part", matFile(element(15, Buffer.alloc(40, 7))), "incorrect header check"],
    ["has endless small parts", matFile(Buffer.alloc(2 ** 17)), "more than 4096 parts"],
  ])("that %s is refused", async (_, content, message) => {
    expect(await refusal(content)).toContain(message);
  });

  it("that unpacks without end is refused, also in many pieces", async () => {
    const bomb = packed(Buffer.alloc(2 ** 27 + 2 ** 20));
    expect(bomb.length).toBeLessThan(2 ** 18);
    expect(await refusal(matFile(...Array<Buffer>(40).fill(bomb)))).toContain("more than 4096 parts");
    const matrix = packed(bytes([1, 1], [1], "x"), element(1, Buffer.alloc(2 ** 27)));
    expect(await refusal(matFile(...Array<Buffer>(40).fill(matrix)))).toContain("unpacks to more than");
  });

  it("that is cut anywhere is refused", async () => {
    const whole = gtcls(good());
    for (let length = 0; length < whole.length; length += 3) await refusal(whole.subarray(0, length));
  });

  it("that is changed anywhere is read or refused, and nothing else", async () => {
    const whole = sbdMask(2, 2, [0, 1, 2, 3]);
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const changed = Buffer.from(whole);
        changed[at] = byte;
        const file = await fileOf(changed);
        const outcome = await readLabelMat(file).catch((error) => error);
        if (outcome instanceof Error) expect(outcome).toMatchObject({ name: "SeawallError", code: "data" });
        else expect(outcome.values.length).toBe(outcome.height * outcome.width);
      }),
    );
  });
});
