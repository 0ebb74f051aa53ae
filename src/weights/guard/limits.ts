/** What a weights file may ask of this process: every limit of the room, and the budgets that hold them. */
import { refuse } from "./refuse.js";

export const limits = {
  /** Work of one pickle: an opcode counts 1 and each container it makes `containerWork` more. */
  pickleWork: 4_000_000,
  containerWork: 4,
  /** Open MARKs, and levels of containers inside containers. */
  nesting: 100,
  /** Axes of a tensor, as in PyTorch. */
  axes: 64,
  /** Bytes of a safetensors header: room for about 130 000 tensors. */
  headerBytes: 16 * 2 ** 20,
  /** Bytes that may be copied (strided tensors made dense, …) beyond what the file itself holds. */
  spareBytes: 16 * 2 ** 20,
  /** Bytes of one text; protocol 2 keeps NumPy arrays in texts. */
  textBytes: 64 * 2 ** 20,
  /** Characters of a line of a text opcode. */
  line: 1000,
  /** Bytes of one Python integer; the longest that torch writes has 10. */
  integerBytes: 64,
} as const;

/** A quantity that can run out. */
export class Budget {
  readonly #limit: number;
  readonly #unit: string;
  #spent = 0;

  constructor(limit: number, unit: string) {
    this.#limit = limit;
    this.#unit = unit;
  }

  /** @throws SeawallError `weights` when the sum of all amounts passes the limit; ask before doing the work. */
  spend(amount: number): void {
    this.#spent += amount;
    if (this.#spent <= this.#limit) return;
    refuse(`asks for more than ${this.#limit} ${this.#unit}; a file of this size needs far fewer`);
  }
}
