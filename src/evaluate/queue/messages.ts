/** Attacks as requests of a queue, and what came of them as replies; the numbers of images and points bit by bit. */
import { z } from "zod";
import { checkJson, SeawallError } from "../../base/index.js";
import type { Sample } from "../../data/index.js";
import { recordSchema } from "../../journal/index.js";
import {
  type PackedArray,
  packIntegers,
  packMessage,
  type QueueContent,
  unpackMessage,
} from "../../queue/index.js";
import type { AttackedImage, AttackRequest, Onward } from "../workers/image-worker.js";

const side = z.int().min(1).max(65536);
const count = z.int().min(0);
const perClass = z.array(count).max(65536);
const storedTypes = ["uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "float64"] as const;

const sampleSchema = z.strictObject({
  id: z.string().min(1).max(4096),
  index: count,
  hash: z.string().min(1).max(200),
  channels: side,
  height: side,
  width: side,
  stored: z.strictObject({
    type: z.enum(storedTypes),
    bands: count,
    range: z.tuple([z.number(), z.number()]),
  }),
});

const headSchema = z.strictObject({
  slot: z.strictObject({ attack: z.string().min(1).max(200), eps: z.string().min(1).max(200) }),
  onward: z
    .strictObject({
      steps: count.optional(),
      set: z
        .strictObject({ intersection: perClass, union: perClass, labels: perClass, valid: count })
        .optional(),
    })
    .optional(),
});

/** A request in the form in which it is sent. Its parts are messages of their own, so that an image is sent once. */
export function attackAsSent({ sample, slot: { attack, eps }, onward }: AttackRequest): QueueContent {
  const { steps, earlier } = onward ?? {};
  return {
    head: {
      slot: { attack, eps },
      ...(earlier && {
        onward: { ...(steps !== undefined && { steps }), ...(earlier.set && { set: plainSet(earlier.set) }) },
      }),
    },
    parts: {
      sample: packSample(sample),
      ...(earlier && { best: packMessage({ head: null, arrays: { best: earlier.best } }) }),
    },
  };
}

function plainSet({ intersection, union, labels, valid }: NonNullable<Onward["earlier"]["set"]>) {
  return { intersection: [...intersection], union: [...union], labels: [...labels], valid };
}

/**
 * A request as it was.
 * @throws SeawallError `data` or `journal` for one that is damaged or was made by others
 */
export function attackAsAsked({ head, parts }: QueueContent): AttackRequest {
  const { slot, onward } = checkJson(headSchema, head, "a request in the queue");
  const sample = unpackSample(parts.sample ?? new Uint8Array());
  if (!onward) return { sample, slot, onward: undefined };
  const { best } = unpackMessage(parts.best ?? new Uint8Array(), "the point of a request").arrays;
  const { steps, set } = onward;
  return {
    ...{ sample, slot },
    onward: {
      earlier: { best: floats(best, sample.image.data.length, "point"), ...(set && { set }) },
      ...(steps !== undefined && { steps }),
    },
  };
}

/** The image in the bytes of its file where it has such, and in floats otherwise; a byte for each label, or more. */
function packSample({ id, index, hash, height, width, image, stored, labels }: Sample): Uint8Array {
  const channels = image.dims[0]!;
  const { type, bands, range } = stored;
  return packMessage({
    head: { id, index, hash, channels, height, width, stored: { type, bands, range } },
    arrays: {
      image: bytesOf(image.data) ?? image.data,
      ...(labels && { labels: packIntegers(labels) }),
    },
  });
}

function unpackSample(bytes: Uint8Array): Sample {
  const what = "an image in the queue";
  const { head, arrays } = unpackMessage(bytes, what);
  const { channels, ...facts } = checkJson(sampleSchema, head, what);
  const { height, width } = facts;
  const values = sized(arrays.image, channels * height * width, "image");
  const data = values instanceof Uint8Array ? unitFloats(values) : floats(values, values.length, "image");
  return {
    ...facts,
    image: { type: "float32", dims: [channels, height, width], data },
    labels: arrays.labels && new Int32Array(sized(arrays.labels, height * width, "labels")),
  };
}

/** byte / 255, as images are read. */
const unit = Float32Array.from({ length: 256 }, (_, byte) => byte / 255);

function unitFloats(bytes: Uint8Array): Float32Array {
  const floats = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) floats[i] = unit[bytes[i]!]!;
  return floats;
}

/** The bytes that these are the quotients of; undefined where they are others. */
function bytesOf(floats: Float32Array): Uint8Array | undefined {
  const bytes = new Uint8Array(floats.length);
  for (let i = 0; i < floats.length; i++) {
    const byte = Math.round(255 * floats[i]!);
    if (unit[byte] !== floats[i] || Object.is(floats[i], -0)) return undefined;
    bytes[i] = byte;
  }
  return bytes;
}

const traceSchema = z.array(
  z.strictObject({
    step: count,
    radius: z.number(),
    stepSize: z.number().nullable(),
    objective: z.number().nullable(),
    tracked: z.number().nullable(),
    correct: count,
  }),
);

const outcomeSchema = z.strictObject({
  record: recordSchema,
  trace: z.strictObject({ passes: traceSchema, maps: z.array(z.strictObject({ pass: count })) }).optional(),
});

/** What came of an attack, in the form in which it is sent. */
export function outcomeAsSent({
  record,
  point: { pixels, classes, labels },
  trace,
}: AttackedImage): Uint8Array {
  const maps = (trace?.maps ?? []).map(({ classes }, i) => [`map${i}`, packIntegers(classes)] as const);
  return packMessage({
    head: {
      record,
      ...(trace && { trace: { passes: trace.passes, maps: trace.maps.map(({ pass }) => ({ pass })) } }),
    },
    arrays: {
      pixels,
      classes: packIntegers(classes),
      labels: packIntegers(labels),
      ...Object.fromEntries(maps),
    },
  });
}

/**
 * What came of a request.
 * @throws SeawallError `data` or `journal` for a reply that is about something else, or damaged
 */
export function outcomeAsReceived(bytes: Uint8Array, { sample, slot }: AttackRequest): AttackedImage {
  const what = `the reply for image "${sample.id}", ${slot.attack} at ${slot.eps}`;
  const { head, arrays } = unpackMessage(bytes, what);
  const { record, trace } = checkJson(outcomeSchema, head, what);
  const { id, index, hash } = sample;
  const asked = { image: id, index, hash, attack: slot.attack, eps: slot.eps } as const;
  for (const key of Object.keys(asked) as (keyof typeof asked)[]) {
    if (record[key] !== asked[key])
      throw wrong(what, `its ${key} is ${JSON.stringify(record[key])}, not ${JSON.stringify(asked[key])}`);
  }
  const area = sample.height * sample.width;
  return {
    record,
    point: {
      pixels: floats(arrays.pixels, sample.image.data.length, "pixels"),
      classes: sized(arrays.classes, area, "classes"),
      labels: sized(arrays.labels, area, "labels"),
    },
    ...(trace && {
      trace: {
        passes: trace.passes,
        maps: trace.maps.map(({ pass }, i) => ({
          pass,
          classes: sized(arrays[`map${i}`], area, `map ${i}`),
        })),
      },
    }),
  };
}

function sized(array: PackedArray | undefined, length: number, name: string): PackedArray {
  if (array?.length === length) return array;
  throw wrong(`the ${name} of a message in the queue`, `${array?.length ?? 0} numbers instead of ${length}`);
}

function floats(array: PackedArray | undefined, length: number, name: string): Float32Array {
  const values = sized(array, length, name);
  if (values instanceof Float32Array) return values;
  throw wrong(`the ${name} of a message in the queue`, "not floats");
}

function wrong(what: string, problem: string): SeawallError {
  return new SeawallError("data", `${what}: ${problem}; who else writes to this queue?`);
}
