/** Reading bytes one after the other, with every read checked against the end. */
import { limits } from "./limits.js";
import { refuseFile } from "./refuse.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A position in bytes. Reads numbers, slices and texts; integers are little-endian.
 * Each read throws SeawallError `weights` if not enough bytes are left.
 */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    // A plain Uint8Array, because `slice` of Node's Buffer does not copy.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.bytes.length - this.position;
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1));
  }
  uint16(): number {
    return this.#view.getUint16(this.#advance(2), true);
  }
  int32(): number {
    return this.#view.getInt32(this.#advance(4), true);
  }
  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true);
  }
  /** A 64-bit length. Above 2⁵³ it is rounded, which is harmless: it is then larger than any file. */
  uint64(): number {
    return Number(this.#view.getBigUint64(this.#advance(8), true));
  }
  float64BigEndian(): number {
    return this.#view.getFloat64(this.#advance(8));
  }

  /** The next `length` bytes, as a view. */
  take(length: number): Uint8Array {
    const start = this.#advance(length);
    return this.bytes.subarray(start, start + length);
  }

  text(length: number): string {
    const start = this.position;
    const bytes = this.#takeText(length);
    try {
      return utf8.decode(bytes);
    } catch (error) {
      return refuseFile(`the text at byte ${start} is not UTF-8; the file is damaged`, error);
    }
  }

  /** A text in Latin-1, as Python 2 pickles store str. */
  latin1(length: number): string {
    const bytes = this.#takeText(length);
    let text = "";
    // In pieces, because the number of arguments of a call is limited. TextDecoder cannot do it: its "latin1" is
    // Windows-1252.
    for (let i = 0; i < length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    return text;
  }

  /** The text up to the next line feed. The line feed is skipped. */
  line(): string {
    const end = this.bytes.subarray(this.position, this.position + limits.line).indexOf(0x0a);
    if (end < 0) {
      refuseFile(`no line end within ${limits.line} bytes of byte ${this.position}; the file is damaged`);
    }
    const text = this.text(end);
    this.position += 1;
    return text;
  }

  #takeText(length: number): Uint8Array {
    const bytes = this.take(length);
    if (length > limits.textBytes)
      refuseFile(`a text of ${length} bytes, more than the ${limits.textBytes} allowed`);
    return bytes;
  }

  #advance(length: number): number {
    if (!(length <= this.remaining)) {
      refuseFile(
        `${length} more bytes are expected at byte ${this.position}, but only ${this.remaining} are left; ` +
          "the file is truncated or damaged: fetch or save it again",
      );
    }
    const start = this.position;
    this.position += length;
    return start;
  }
}
