/** Writing safetensors files. */
import { invariant, sizeOf, type Tensor } from "../../base/index.js";
import { elementBytes, type NumericType } from "../guard/elements.js";
import { limits } from "../guard/limits.js";
import { quoteUntrusted, refuseFile } from "../guard/refuse.js";
import { typeNames } from "./safetensors.js";

/**
 * The bytes of a safetensors file. Equal tensors and metadata give equal bytes in whatever order they come: tensors
 * are sorted by element size, largest first, so that all data is aligned, and then by name.
 * @throws SeawallError `weights` for tensors that the format cannot hold: of texts, or named `__metadata__`
 */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): Uint8Array {
  const pieces = safetensorsPieces(tensors, metadata);
  const { offset, bytes } = pieces.at(-1)!;
  const file = new Uint8Array(offset + bytes.length);
  for (const piece of pieces) file.set(piece.bytes, piece.offset);
  return file;
}

/**
 * The same bytes in pieces: the header, and the memory of each tensor itself, which is not copied.
 * @throws SeawallError as `writeSafetensors`
 */
export function safetensorsPieces(
  tensors: ReadonlyMap<string, Tensor>,
  metadata: ReadonlyMap<string, string> = new Map(),
): readonly { readonly offset: number; readonly bytes: Uint8Array }[] {
  const sorted = [...tensors].map(([name, tensor]) => checked(name, tensor)).sort(byWidthThenName);
  const header = headerOf(sorted, metadata);
  const head = new Uint8Array(8 + header.length);
  new DataView(head.buffer).setBigUint64(0, BigInt(header.length), true);
  head.set(header, 8);
  let end = 0;
  return [head, ...sorted.map(({ bytes }) => bytes)].map((bytes) => {
    const offset = end;
    end += bytes.length;
    return { offset, bytes };
  });
}

interface Entry {
  readonly name: string;
  readonly type: NumericType;
  readonly dims: readonly number[];
  readonly bytes: Uint8Array;
}

function checked(name: string, { type, dims, data }: Tensor): Entry {
  if (name === "__metadata__")
    refuseFile(`a tensor cannot be named ${quoteUntrusted(name)} in safetensors; rename it`);
  if (type === "string")
    refuseFile(`tensor ${quoteUntrusted(name)} holds texts, which safetensors cannot; leave it out`);
  invariant(
    data.length === sizeOf(dims),
    `tensor ${name} has ${data.length} elements for [${dims.join(", ")}]`,
  );
  const { buffer, byteOffset, byteLength } = data as Uint8Array;
  return { name, type, dims, bytes: new Uint8Array(buffer, byteOffset, byteLength) };
}

function byWidthThenName(a: Entry, b: Entry): number {
  return elementBytes(b.type) - elementBytes(a.type) || (a.name < b.name ? -1 : 1);
}

/** The JSON header, padded with spaces so that the data begins at a multiple of 8. */
function headerOf(entries: readonly Entry[], metadata: ReadonlyMap<string, string>): Uint8Array {
  let begin = 0;
  const fields: [string, unknown][] = entries.map(({ name, type, dims, bytes }) => {
    const data_offsets = [begin, begin + bytes.length];
    begin += bytes.length;
    return [name, { dtype: typeNames[type], shape: dims, data_offsets }];
  });
  const texts = [...metadata].sort(([a], [b]) => (a < b ? -1 : 1));
  if (texts.length > 0) fields.unshift(["__metadata__", Object.fromEntries(texts)]);
  // fromEntries, unlike assignment, makes an ordinary property of `__proto__`.
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(fields)));
  const header = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  if (header.length > limits.headerBytes)
    refuseFile(
      `names and metadata take ${header.length} bytes, more than the ${limits.headerBytes} that can be read back`,
    );
  header.set(json);
  return header;
}
