/** Bytes seen as elements of a type. */
import { type ArrayOf, arrayConstructors, type DataType, invariant } from "../../base/index.js";
import { limits } from "./limits.js";
import { refuse } from "./refuse.js";

/** The element types that a weights file can hold. */
export type NumericType = Exclude<DataType, "string">;
export type Elements = ArrayOf[NumericType];

/** Bytes of one element. */
export function elementBytes(type: NumericType): number {
  return arrayConstructors[type].BYTES_PER_ELEMENT;
}

/**
 * Little-endian bytes as elements: a view where they are aligned, else one copy.
 * @throws SeawallError `weights` for a bool that is neither 0 nor 1.
 */
export function elementsOf(type: NumericType, bytes: Uint8Array): Elements {
  invariant(new Uint8Array(Uint16Array.of(1).buffer)[0] === 1, "this machine is big-endian");
  const size = elementBytes(type);
  invariant(bytes.length % size === 0, `${bytes.length} bytes are no whole number of ${type}`);
  if (type === "bool") checkBooleans(bytes);
  const aligned = bytes.byteOffset % size === 0 ? bytes : new Uint8Array(bytes);
  // A shared buffer would serve as well; only the constructors' common type knows of one kind.
  return new arrayConstructors[type](
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.length / size,
  );
}

function checkBooleans(bytes: Uint8Array): void {
  const wrong = bytes.find((byte) => byte > 1);
  if (wrong !== undefined) refuse(`a bool is stored as 0 or 1, not ${wrong}; the file is damaged`);
}

/** Number of elements of a shape of at most 64 dims: integers ≥ 0 with an exact product. */
export function checkedSize(dims: readonly unknown[]): number {
  if (dims.length > limits.axes) refuse(`a tensor of ${dims.length} axes; at most ${limits.axes} are read`);
  let size = 1;
  for (const dim of dims) {
    if (typeof dim !== "number" || !Number.isSafeInteger(dim) || dim < 0) {
      // A hostile list turned into text could be endless: a number or its kind, nothing else.
      refuse(`a shape is made of whole numbers from 0 up, not ${typeof dim === "number" ? dim : typeof dim}`);
    }
    size *= dim;
  }
  if (!Number.isSafeInteger(size)) refuse(`the shape [${dims.join(", ")}] has more elements than any file`);
  return size;
}
