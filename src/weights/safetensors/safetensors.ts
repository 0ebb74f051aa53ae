/** Reading safetensors files: a length, a JSON header, raw little-endian data (huggingface/safetensors, "Format"). */
import { z } from "zod";
import type { Tensor } from "../../base/index.js";
import { Cursor } from "../guard/cursor.js";
import { checkedSize, elementBytes, elementView, type NumericType } from "../guard/elements.js";
import { limits } from "../guard/limits.js";
import { quoteUntrusted, refuseFile } from "../guard/refuse.js";

/** Named tensors, and the texts in the header's `__metadata__`. */
export interface SafeTensors {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

/** The format's names of element types. */
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
  // Entries are checked by `checkedSize`, because zod would report every one of a million faults.
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
 * @throws SeawallError `weights` for a header above 16 MiB, for data that overlaps, has gaps or does not end at the end
 * of the file, and for sizes that do not match shape and type
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

/** The header's entries, as pairs: as a property, the name `__proto__` would be special. */
function readHeader(cursor: Cursor): [string, unknown][] {
  const length = cursor.uint64();
  if (length > limits.headerBytes) {
    refuseFile(
      `a header of ${length} bytes, more than the ${limits.headerBytes} allowed: not a safetensors file, or damaged`,
    );
  }
  const text = cursor.text(length);
  if (!text.startsWith("{"))
    refuseFile("its header does not begin with {: not a safetensors file, or damaged");
  try {
    return Object.entries(JSON.parse(text) as object);
  } catch (error) {
    return refuseFile("its header is not JSON; the file is damaged", error);
  }
}

function readEntry(name: string, value: unknown): Entry {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    refuseFile(
      `tensor ${quoteUntrusted(name)}: its entry must have dtype, shape and data_offsets; ${z.prettifyError(parsed.error)}`,
    );
  }
  const { dtype, shape, data_offsets } = parsed.data;
  const type = typesByName.get(dtype);
  if (!type)
    refuseFile(
      `tensor ${quoteUntrusted(name)} is of type ${quoteUntrusted(dtype)}; read are ${[...typesByName.keys()].join(" ")}`,
    );
  const [begin, end] = data_offsets;
  const byteLength = checkedSize(shape) * elementBytes(type);
  if (end - begin !== byteLength) {
    refuseFile(
      `tensor ${quoteUntrusted(name)} ${dtype} [${shape.join(", ")}] needs ${byteLength} bytes, not ${end - begin}`,
    );
  }
  return { name, type, shape: shape as number[], begin, end };
}

/** Checks that the tensors' data covers the rest of the file exactly: no gap, no overlap, no hidden data. */
function checkCoverage(entries: readonly Entry[], dataLength: number): void {
  let position = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== position) {
      const fault = begin > position ? "leaves a gap before it" : "overlaps another tensor";
      refuseFile(
        `tensor ${quoteUntrusted(name)} begins at byte ${begin} of the data instead of ${position}: it ${fault}`,
      );
    }
    position = end;
  }
  if (position !== dataLength) {
    refuseFile(
      `its tensors take ${position} bytes of data, the file holds ${dataLength}; it is truncated or damaged`,
    );
  }
}

function tensorOf({ type, shape, begin, end }: Entry, data: Uint8Array): Tensor {
  return { type, dims: shape, data: elementView(type, data.subarray(begin, end)) };
}

function metadataOf(header: readonly [string, unknown][]): Map<string, string> {
  const value = header.find(([name]) => name === "__metadata__")?.[1];
  if (value === undefined) return new Map();
  if (typeof value !== "object" || value === null || Array.isArray(value))
    refuseFile("its __metadata__ is not an object");
  return new Map(
    Object.entries(value).map(([key, text]) => {
      if (typeof text !== "string") refuseFile(`its __metadata__ ${quoteUntrusted(key)} is not a text`);
      return [key, text];
    }),
  );
}
