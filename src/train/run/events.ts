/** TensorBoard's event files: records of protobuf messages, each guarded by masked CRC-32C sums. */
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import crc32c from "crc-32/crc32c.js";

/** Field numbers of tensorflow's `event.proto` and `summary.proto`. */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5, sessionLog: 7 } as const;
const summary = { value: 1, tag: 1, simpleValue: 2 } as const;
const sessionLog = { status: 1, start: 1 } as const;

/** The first record of every file. @param seconds since 1970 */
export function versionRecord(seconds: number): Uint8Array {
  return record(writer(seconds, 0).tag(event.fileVersion, WireType.LengthDelimited).string("brain.Event:2"));
}

/** Tells TensorBoard to drop the records from `step` on that other files hold: they will be written again. */
export function restartRecord(seconds: number, step: number): Uint8Array {
  const log = new BinaryWriter().tag(sessionLog.status, WireType.Varint).int32(sessionLog.start).finish();
  return record(writer(seconds, step).tag(event.sessionLog, WireType.LengthDelimited).bytes(log));
}

/** Scalars at a step, by tag. */
export function scalarRecord(
  seconds: number,
  step: number,
  scalars: Readonly<Record<string, number>>,
): Uint8Array {
  const values = new BinaryWriter();
  for (const [tag, value] of Object.entries(scalars)) {
    values.tag(summary.value, WireType.LengthDelimited).fork();
    values.tag(summary.tag, WireType.LengthDelimited).string(tag);
    values.tag(summary.simpleValue, WireType.Bit32).float(value).join();
  }
  return record(writer(seconds, step).tag(event.summary, WireType.LengthDelimited).bytes(values.finish()));
}

function writer(seconds: number, step: number): BinaryWriter {
  return new BinaryWriter()
    .tag(event.wallTime, WireType.Bit64)
    .double(seconds)
    .tag(event.step, WireType.Varint)
    .int64(step);
}

/** A framed record: length, checksum of the length, message, checksum of the message. */
function record(message: BinaryWriter): Uint8Array {
  const bytes = message.finish();
  const framed = new Uint8Array(bytes.length + 16);
  const view = new DataView(framed.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedSum(framed.subarray(0, 8)), true);
  framed.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedSum(bytes), true);
  return framed;
}

function maskedSum(bytes: Uint8Array): number {
  const sum = crc32c.buf(bytes) >>> 0;
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}
