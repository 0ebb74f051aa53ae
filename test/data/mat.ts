/** MATLAB 5 files written by hand, right and wrong ones. */
import { deflateSync } from "node:zlib";

const types = { int8: 1, uint8: 2, int32: 5, uint32: 6, matrix: 14, compressed: 15 };

export function element(type: number, data: Uint8Array): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(data.length, 4);
  const fill = type === types.compressed ? 0 : (8 - (data.length % 8)) % 8;
  return Buffer.concat([tag, data, Buffer.alloc(fill)]);
}

const int32s = (...values: number[]) => Buffer.from(Int32Array.from(values).buffer);
const text = (value: string) => element(types.int8, Buffer.from(value, "latin1"));

/** An array of a class: 9 is uint8, 2 a struct, 6 double. */
export function array(kind: number, dims: number[], name: string, content: Buffer[]): Buffer {
  const flags = element(types.uint32, int32s(kind, 0));
  const parts = [flags, element(types.int32, int32s(...dims)), text(name), ...content];
  return element(types.matrix, Buffer.concat(parts));
}

/** A uint8 matrix, given column after column. */
export const bytes = (dims: number[], data: ArrayLike<number>, name = "") =>
  array(9, dims, name, [element(types.uint8, Uint8Array.from(data))]);

export function struct(name: string, fields: Record<string, Buffer>, dims = [1, 1]): Buffer {
  const names = Object.keys(fields).map((field) => field.padEnd(32, "\0"));
  return array(2, dims, name, [
    element(types.int32, int32s(32)),
    text(names.join("")),
    ...Object.values(fields),
  ]);
}

export const packed = (...parts: Buffer[]) => element(types.compressed, deflateSync(Buffer.concat(parts)));

export function matFile(...elements: Buffer[]): Buffer {
  const header = Buffer.alloc(128, " ");
  header.write("MATLAB 5.0 MAT-file", 0, "latin1");
  header.writeUInt16LE(0x0100, 124);
  header.write("IM", 126, "latin1");
  return Buffer.concat([header, ...elements]);
}

/** A label file of the Semantic Boundaries Dataset; the mask is given row after row. */
export function sbdMask(height: number, width: number, mask: ArrayLike<number>): Buffer {
  const columns = Array.from({ length: height * width }, (_, i) => {
    const [column, row] = [Math.floor(i / height), i % height];
    return mask[row * width + column]!;
  });
  return matFile(packed(struct("GTcls", { Segmentation: bytes([height, width], columns) })));
}
