/** Reading safetensors: a length, a JSON header, raw little-endian data (huggingface/safetensors, "Format"). */
import { z } from "zod";
import type { Tensor } from "../../base/index.js";
import { Cursor } from "../guard/cursor.js";
import { checkedSize, elementBytes, elementsOf, type NumericType } from "../guard/elements.js";
import { limits } from "../guard/limits.js";
import { quote, refuse } from "../guard/refuse.js";

/** Named tensors, and the texts their writer left with them. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's names of the element types that a `Tensor` can hold. */
export const typeNames = {
  float64: "F64",
  float32: "F32",
  float16: "F16",
  bfloat16: "BF16",
  int64: "I64",
  int32: "I32",
  int16: "I16",
  int8: "I8",
  uint64: "U64",
  uint32: "U32",
  uint16: "U16",
  uint8: "U8",
  bool: "BOOL",
} as const satisfies Record<NumericType, string>;

const typesByName = new Map(
  Object.entries(typeNames).map(([type, name]) => [name as string, type as NumericType]),
);

const entrySchema = z.object({
  dtype: z.string(),
  // Left to `checkedSize`: here, a shape of a million faults would become a million reports.
  shape: z.array(z.unknown()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});

interface Entry {
  readonly name: string;
  readonly type: NumericType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/**
 * Reads a safetensors file. Tensors are views of `bytes` where their data is aligned: copy before changing one.
 * @throws SeawallError `weights` for a header beyond 16 MiB, data that overlaps, leaves holes or ends elsewhere
 * than the file, and sizes that do not match shape and type.
 */
export function readSafetensors(bytes: Uint8Array): SafeTensors {
  const cursor = new Cursor(bytes);
  const header = readHeader(cursor);
  const data = cursor.take(cursor.remaining);
  const entries = header
    .filter(([name]) => name !== "__metadata__")
    .map(([name, value]) => readEntry(name, value));
  checkCoverage(entries, data.length);
  return {
    tensors: new Map(entries.map((entry) => [entry.name, tensorOf(entry, data)])),
    metadata: metadataOf(header),
  };
}

/** The header's pairs. They stay pairs: as a property, a name such as `__proto__` would be special. */
function readHeader(cursor: Cursor): [string, unknown][] {
  const length = cursor.uint64();
  if (length > limits.headerBytes) {
    refuse(
      `a header of ${length} bytes; at most ${limits.headerBytes} are read: not a safetensors file, or damaged`,
    );
  }
  const text = cursor.text(length);
  if (!text.startsWith("{")) refuse("its header does not begin with {: not a safetensors file, or damaged");
  try {
    return Object.entries(JSON.parse(text) as object);
  } catch (error) {
    return refuse("its header is not JSON; the file is damaged", error);
  }
}

function readEntry(name: string, value: unknown): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    refuse(
      `tensor ${quote(name)}: its entry needs dtype, shape and data_offsets; ${z.prettifyError(parsed.error)}`,
    );
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const type = typesByName.get(dtype);
  if (!type)
    refuse(`tensor ${quote(name)} is of type ${quote(dtype)}; read are ${[...typesByName.keys()].join(" ")}`);
  const [begin, end] = data_offsets;
  const byteLength = checkedSize(shape) * elementBytes(type);
  if (end - begin !== byteLength) {
    refuse(
      `tensor ${quote(name)} ${dtype} [${shape.join(", ")}] needs ${byteLength} bytes, not ${end - begin}`,
    );
  }
  return { name, type, shape: shape as number[], begin, end };
}

/** The data of all tensors, laid end to end, is the rest of the file: no hole, no overlap, nothing hidden. */
function checkCoverage(entries: readonly Entry[], dataLength: number): void {
  let position = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      const fault = begin > position ? "leaves a hole before it" : "overlaps another";
      refuse(`tensor ${quote(name)} begins at byte ${begin} of the data instead of ${position}: it ${fault}`);
    }
    position = end;
  }
  if (position !== dataLength) {
    refuse(
      `its tensors take ${position} bytes of data, the file holds ${dataLength}; it is truncated or damaged`,
    );
  }
}

function tensorOf({ type, shape, begin, end }: Entry, data: Uint8Array): Tensor {
  return { type, dims: shape, data: elementsOf(type, data.subarray(begin, end)) };
}

function metadataOf(header: readonly [string, unknown][]): Map<string, string> {
  const value = header.find(([name]) => name === "__metadata__")?.[1];
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuse("its __metadata__ is no object");
  return new Map(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== "string") refuse(`its __metadata__ ${quote(key)} is no text`);
      return [key, text];
    }),
  );
}
