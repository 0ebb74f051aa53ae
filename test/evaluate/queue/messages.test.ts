/** Attacks as requests, and their outcomes as replies. */
import { describe, expect, it } from "vitest";
import { randomStream, SeawallError } from "../../../src/base/index.js";
import { makeSample } from "../../../src/data/index.js";
import {
  attackAsAsked,
  attackAsSent,
  outcomeAsReceived,
  outcomeAsSent,
} from "../../../src/evaluate/queue/messages.js";
import type { AttackedImage, AttackRequest } from "../../../src/evaluate/workers/image-worker.js";
import { packMessage, unpackMessage } from "../../../src/queue/index.js";
import { describeWith, recordsOf } from "../../journal/runs.js";

const [height, width, channels] = [3, 5, 3];
const random = randomStream("queue messages");
const bytes = Uint8Array.from({ length: height * width * channels }, () => Math.floor(256 * random.next()));
const labels = {
  height,
  width,
  channels: 1,
  data: Int32Array.from({ length: height * width }, (_, i) => (i % 5) - 1),
};
const sample = makeSample("photo", 4, { height, width, channels, data: bytes }, labels);
const floats = random.uniform(bytes.length, 0, 1);
const ofFloats = makeSample(
  "depth",
  5,
  { height, width, channels, data: Float32Array.from(floats) },
  undefined,
  {
    ...{ type: "float32", bands: 3, range: [0, 1] },
  },
);
const slot = { attack: "apgd:ce", eps: "4/255" };

const overQueue = (request: AttackRequest) => {
  const { head, parts } = attackAsSent(request);
  return attackAsAsked({ head: JSON.parse(JSON.stringify(head)), parts });
};

describe("a request", () => {
  it("is the same on the other side: an image of bytes, one of floats, and the point to go on from", () => {
    const plain = { sample, slot, onward: undefined };
    expect(overQueue(plain)).toEqual(plain);
    const set = { intersection: [1, 2], union: [3, 4], labels: [2, 3], valid: 5 };
    const onward = { earlier: { best: floats, set }, steps: 7 };
    expect(overQueue({ sample: ofFloats, slot, onward })).toEqual({ sample: ofFloats, slot, onward });
  });

  it("sends a byte for each value of an image of bytes, and for each label", () => {
    const { parts } = attackAsSent({ sample, slot, onward: undefined });
    const { image, labels } = unpackMessage(parts.sample!, "a test").arrays;
    expect([image!.byteLength, labels!.byteLength]).toEqual([45, 15]);
  });

  it("is refused where it is damaged", () => {
    const { head, parts } = attackAsSent({ sample, slot, onward: undefined });
    const refused = (head: unknown, sent = parts) =>
      expect(() => attackAsAsked({ head, parts: sent })).toThrow(SeawallError);
    refused({ ...(head as object), run: "rm" });
    refused({ slot: { attack: "x".repeat(1000), eps: "1" } });
    refused(head, {});
    const { head: facts, arrays } = unpackMessage(parts.sample!, "a test");
    const changed = (more: object) => ({
      sample: packMessage({ head: { ...(facts as object), ...more }, arrays }),
    });
    refused(head, changed({ height: 1e9 }));
    refused(head, changed({ width: width + 1 }));
    refused(head, changed({ id: "" }));
  });
});

describe("a reply", () => {
  const description = describeWith();
  const record = recordsOf(description).find(({ attack }) => attack !== "clean")!;
  const asked: AttackRequest = {
    sample: { ...sample, id: record.image, index: record.index, hash: record.hash },
    slot: { attack: record.attack, eps: record.eps },
    onward: undefined,
  };
  const outcome: AttackedImage = {
    record,
    point: {
      pixels: floats,
      classes: Uint8Array.from(labels.data, (label) => label + 1),
      labels: Int8Array.from(labels.data),
    },
    trace: {
      passes: [{ step: 0, radius: 0.1, stepSize: null, objective: 0.5, tracked: null, correct: 3 }],
      maps: [{ pass: 0, classes: Uint8Array.from({ length: 15 }, (_, i) => i) }],
    },
  };

  it("is the same on the other side", () => {
    expect(outcomeAsReceived(outcomeAsSent(outcome), asked)).toEqual(outcome);
  });

  it("is refused where it is about something else, or no possible record", () => {
    const refused = (reply: AttackedImage, what: RegExp) =>
      expect(() => outcomeAsReceived(outcomeAsSent(reply), asked)).toThrow(what);
    refused({ ...outcome, record: { ...record, image: "other" } }, /its image is "other", not/);
    refused({ ...outcome, record: { ...record, eps: "8/255" } }, /its eps is "8\/255"/);
    refused({ ...outcome, record: { ...record, correct: record.correct + 1 } }, /intersection does not sum/);
    refused({ ...outcome, point: { ...outcome.point, pixels: floats.slice(1) } }, /44 numbers instead of 45/);
    refused({ ...outcome, point: { ...outcome.point, classes: [1] } }, /1 numbers instead of 15/);
  });
});
