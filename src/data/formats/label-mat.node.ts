/** Reading label files of the Semantic Boundaries Dataset: the field `Segmentation` of the struct `GTcls`. */
import { messageOf, SeawallError } from "../../base/index.js";
import type { StoredLabels } from "../pixels/stored.js";
import { maxPixels } from "../pixels/transform.js";
import { readBytes } from "./files.node.js";
import { fieldOf, findVariable, type Matrix, readByteMatrix } from "./mat.node.js";

/**
 * The values of `GTcls.Segmentation` in a MATLAB 5 file, row by row.
 * @throws SeawallError `data` when the file is missing, damaged, truncated, too large or of another kind
 */
export async function readLabelMat(file: string): Promise<StoredLabels> {
  const bytes = await readBytes(file);
  try {
    return rowByRow(readByteMatrix(fieldOf(findVariable(bytes, "GTcls"), "Segmentation"), maxPixels));
  } catch (error) {
    throw new SeawallError(
      "data",
      `${file}: ${messageOf(error)}; labels are expected as a MATLAB 5 file with a struct GTcls whose field ` +
        `Segmentation is a uint8 matrix of 1 to ${maxPixels} pixels`,
    );
  }
}

/** MATLAB stores matrices column by column. */
function rowByRow({ rows, columns, data }: Matrix): StoredLabels {
  const values = new Uint8Array(data.length);
  for (let row = 0, at = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) values[at++] = data[column * rows + row]!;
  }
  return { height: rows, width: columns, values };
}
