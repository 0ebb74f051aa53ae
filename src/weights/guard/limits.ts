/** The limits on a weights file's use of time and memory. All limits of this module are here. */
import { refuseFile } from "./refuse.js";

export const limits = {
  /** Work of one pickle, in opcodes. A container that an opcode makes counts `containerWork` more. */
  pickleWork: 4_000_000,
  containerWork: 4,
  /** Open MARKs, and nesting levels of containers. */
  nesting: 100,
  /** Axes of a tensor; PyTorch has the same limit. */
  axes: 64,
  /** Bytes of a safetensors header, enough for about 130,000 tensors. */
  headerBytes: 16 * 2 ** 20,
  /** Bytes that may be copied, for example to make strided tensors dense, in addition to the file's size. */
  spareBytes: 16 * 2 ** 20,
  /** Bytes of one text. Protocol 2 stores NumPy arrays as texts. */
  textBytes: 64 * 2 ** 20,
  /** Characters of the line that follows a text opcode. */
  line: 1000,
  /** Bytes of one Python integer. The longest that torch writes has 10. */
  integerBytes: 64,
} as const;

/** A limited quantity. */
export class Budget {
  readonly #limit: number;
  readonly #unit: string;
  #spent = 0;

  constructor(limit: number, unit: string) {
    this.#limit = limit;
    this.#unit = unit;
  }

  /**
   * Adds to the amount spent. To be called before the work is done.
   * @throws SeawallError `weights` if the sum exceeds the limit
   */
  spend(amount: number): void {
    this.#spent += amount;
    if (this.#spent <= this.#limit) return;
    refuseFile(
      `needs more than ${this.#limit} ${this.#unit}, which no valid file of its size does; it is damaged or hostile`,
    );
  }
}
