/** Typed views of bytes. */
import { type ArrayOf, arrayConstructors, type DataType, invariant } from "../../base/index.js";
import { limits } from "./limits.js";
import { refuseFile } from "./refuse.js";

/** The element types that a weights file can hold. */
export type NumericType = Exclude<DataType, "string">;
export type Elements = ArrayOf[NumericType];

/** The size of one element, in bytes. */
export function elementBytes(type: NumericType): number {
  return arrayConstructors[type].BYTES_PER_ELEMENT;
}

/**
 * Little-endian bytes as an array of elements: a view if the bytes are aligned, else a copy.
 * @throws SeawallError `weights` for a bool that is neither 0 nor 1
 */
export function elementView(type: NumericType, bytes: Uint8Array): Elements {
  invariant(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "this machine is big-endian");
  const size = elementBytes(type);
  invariant(bytes.length % size === 0, `${bytes.length} bytes are no whole number of ${type}`);
  if (type === "bool") checkBooleans(bytes);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  // The cast is for the type checker: the constructors' common type does not include SharedArrayBuffer.
  return new arrayConstructors[type](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.length / size,
  );
}

function checkBooleans(bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) refuseFile(`a bool has the value ${wrong} instead of 0 or 1; the file is damaged`);
}

/**
 * The number of elements of a shape from a file.
 * @throws SeawallError `weights` unless it has at most 64 axes of integers ≥ 0 whose product is exact
 */
export function checkedSize(dims: readonly unknown[]): number {
  if (dims.length > limits.axes)
    refuseFile(`a tensor of ${dims.length} axes, more than the ${limits.axes} allowed`);
  let size = 1;
  for (const dim of dims) {
    if (typeof dim !== "number" || !Number.isSafeInteger(dim) || dim < 0) {
      // The message shows a number or a type, never the value: a hostile list could be very long as text.
      refuseFile(
        `a shape has the entry ${typeof dim === "number" ? dim : typeof dim}; expected whole numbers from 0 up`,
      );
    }
    size *= dim;
  }
  if (!Number.isSafeInteger(size))
    refuseFile(`the shape [${dims.join(", ")}] has more elements than any file`);
  return size;
}
