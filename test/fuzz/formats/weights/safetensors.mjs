/** Mutations of safetensors files: the length of the header, the header as JSON, and the data. */
import { damagedTree } from "../../mutations/tree.mjs";
import { integers, numbers } from "../../mutations/values.mjs";

function parted(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  return { header, data: bytes.subarray(8 + length) };
}

function joined(text, data, length = BigInt(Buffer.byteLength(text))) {
  const start = Buffer.alloc(8);
  start.writeBigUInt64LE(BigInt.asUintN(64, length));
  return Buffer.concat([start, Buffer.from(text), data]);
}

const tensorNames = (header) => Object.keys(header).filter((name) => name !== "__metadata__");

/** A mutation of one tensor's entry in the header. */
function entryMutation(change) {
  return ({ header, data }, chance) => {
    const names = tensorNames(header);
    const name = chance.of(names);
    change(header[name], chance, header[chance.of(names)], data);
    return joined(JSON.stringify(header), data);
  };
}

const mutations = {
  "a field of the header": ({ header, data }, chance) => {
    const { name } = damagedTree(header, chance);
    return { detail: name, bytes: joined(JSON.stringify(header), data) };
  },
  "a tensor's place": entryMutation((entry, chance) => {
    entry.data_offsets[chance.below(2)] = chance.of(numbers);
  }),
  "two tensors in one place": entryMutation((entry, chance, other) => {
    entry.data_offsets = [...other.data_offsets];
    if (chance.is(0.5)) entry.data_offsets[1] += chance.of([-4, 4]);
  }),
  "a place without end": entryMutation((entry, _, __, data) => {
    entry.data_offsets = [0, data.length * 1000];
  }),
  "a tensor's shape": entryMutation((entry, chance) => {
    if (entry.shape.length > 0 && chance.is(0.5))
      entry.shape[chance.below(entry.shape.length)] = chance.of(numbers);
    else
      entry.shape = Array.from({ length: chance.of([0, 1, 5, 1000, 100_000]) }, () =>
        chance.of([0, 1, 2, 2 ** 40]),
      );
  }),
  "a tensor's type": entryMutation((entry, chance) => {
    entry.dtype = chance.of([
      "F64",
      "F32",
      "F16",
      "BF16",
      "F8_E4M3",
      "I64",
      "U8",
      "BOOL",
      "C64",
      "F4",
      "f32",
      "",
      null,
    ]);
  }),
  "the header's length": ({ header, data }, chance) =>
    joined(JSON.stringify(header), data, chance.of(integers)),
  "a name twice": ({ header, data }, chance) => {
    const name = chance.of(tensorNames(header));
    const text = JSON.stringify(header);
    return joined(`${text.slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(header[name])}}`, data);
  },
  "a header of another form": ({ data }, chance) =>
    joined(
      chance.of([
        "",
        "{",
        "[]",
        "null",
        "{}",
        "[".repeat(100_000),
        `{"a":`.repeat(50_000),
        `"${"a".repeat(1e6)}"`,
      ]),
      data,
    ),
  "very many tensors": ({ header, data }, chance) => {
    const entry = header[chance.of(tensorNames(header))];
    for (let i = 0; i < 20_000; i++) header[`tensor${i}`] = entry;
    return joined(JSON.stringify(header), data);
  },
  metadata: ({ header, data }, chance) => {
    header.__metadata__ = chance.of([
      { a: 1 },
      { format: "x".repeat(1e6) },
      [],
      "text",
      { seawall: "{}" },
      { seawall: "{" },
    ]);
    return joined(JSON.stringify(header), data);
  },
  "spaces around the header": ({ header, data }) =>
    joined(`${" ".repeat(1e6)}${JSON.stringify(header)}`, data),
};

export function mutatedSafetensors(bytes, chance) {
  const { name, value } = chance.mutate(mutations, parted(bytes));
  return value.bytes ? { name: `${name}: ${value.detail}`, value: value.bytes } : { name, value };
}
