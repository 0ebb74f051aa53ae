/** Limits on the structure of a file, checked before it is parsed, because two bytes can demand a whole object. */
import { type DescField, type DescMessage, ScalarType } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import { SeawallError } from "../../base/index.js";

/** In units of one number; it amounts to a few hundred megabytes. A network of 100,000 nodes stays below. */
const mostUnits = 2 ** 25;
const unitsOfMessage = 16;
/** Nesting levels of messages. A graph inside a graph takes three. */
const deepest = 100;

/**
 * Measures a message of type `schema` in its wire format, without parsing it.
 * @throws SeawallError `unsupported` if it has too many parts or levels; Error if it is damaged
 */
export function checkSize(schema: DescMessage, bytes: Uint8Array): void {
  const reader = new BinaryReader(bytes);
  let units = 0;
  const spend = (more: number) => {
    units += more;
    if (units > mostUnits) throw tooLarge(`has more than ${mostUnits} parts besides raw tensor data`);
  };

  const measure = (message: DescMessage, end: number, depth: number) => {
    if (depth > deepest) throw tooLarge(`nests more than ${deepest} levels of graphs and attributes`);
    const fields = fieldsOf(message);
    spend(unitsOfMessage);
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      if (wireType !== WireType.LengthDelimited) {
        spend(1);
        reader.skip(wireType, number);
        continue;
      }
      const field = fields.get(number);
      const next = reader.uint32() + reader.pos;
      if (next > reader.len) throw new Error("premature end of file");
      if (field?.message) measure(field.message, next, depth + 1);
      else if (holdsIntegers(field)) spend(numbersIn(bytes, reader.pos, next));
      else spend(1);
      reader.pos = next;
    }
  };
  measure(schema, bytes.length, 1);
}

const known = new WeakMap<DescMessage, Map<number, DescField>>();

function fieldsOf(message: DescMessage): Map<number, DescField> {
  let fields = known.get(message);
  if (!fields) {
    fields = new Map(message.fields.map((field) => [field.number, field]));
    known.set(message, fields);
  }
  return fields;
}

const integers: readonly ScalarType[] = [ScalarType.INT32, ScalarType.INT64, ScalarType.UINT64];

/** Lists of floats do not count: their memory is only twice their size in the file. */
function holdsIntegers(field: DescField | undefined): boolean {
  return field?.fieldKind === "list" && field.listKind === "scalar" && integers.includes(field.scalar);
}

/** The number of variable-length integers in a range. Each ends in a byte below 128. */
function numbersIn(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i < end; i++) if (bytes[i]! < 0x80) count++;
  return count;
}

function tooLarge(what: string): SeawallError {
  return new SeawallError(
    "unsupported",
    `${what}, more than any known network; check the origin of the file`,
  );
}
