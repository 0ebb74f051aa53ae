/** A position in bytes that cannot leave them. */
import { limits } from "./limits.js";
import { refuse } from "./refuse.js";

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads numbers, slices and texts one after the other; integers are little-endian. */
export class Cursor {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  position = 0;

  constructor(bytes: Uint8Array) {
    // Node's Buffer is a Uint8Array whose `slice` does not copy: get rid of it here.
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
  /** A 64-bit length; one above 2⁵³ is rounded, which no later comparison with a file's size can mistake. */
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
      return refuse(`the text at byte ${start} is not UTF-8; the file is damaged`, error);
    }
  }

  /** A text of Python 2, which kept bytes and text in one type. */
  latin1(length: number): string {
    const bytes = this.#takeText(length);
    let text = "";
    // A call takes only so many arguments; TextDecoder's "latin1" is Windows-1252, which differs.
    for (let i = 0; i < length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
    return text;
  }

  /** The characters up to the next line feed, which is passed over. */
  line(): string {
    const end = this.bytes.subarray(this.position, this.position + limits.line).indexOf(0x0a);
    if (end < 0) {
      refuse(`no line end within ${limits.line} bytes of byte ${this.position}; the file is damaged`);
    }
    const text = this.text(end);
    this.position += 1;
    return text;
  }

  #takeText(length: number): Uint8Array {
    const bytes = this.take(length);
    if (length > limits.textBytes) refuse(`a text of ${length} bytes; at most ${limits.textBytes} are read`);
    return bytes;
  }

  #advance(length: number): number {
    if (!(length <= this.remaining)) {
      refuse(
        `at byte ${this.position} ${length} more bytes are expected, ${this.remaining} are left; ` +
          "the file is truncated or damaged: fetch or save it again",
      );
    }
    const start = this.position;
    this.position += length;
    return start;
  }
}
