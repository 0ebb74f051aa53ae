/** The stack machine of pickle: the operations on values that opcodes are made of, all checked. */
import type { Cursor } from "../guard/cursor.js";
import { Budget, limits } from "../guard/limits.js";
import { damaged, quoteUntrusted, refuseFile } from "../guard/refuse.js";
import { isPickleList, kindOf, PickledObject, type PickleValue } from "./value.js";

/** Gives meaning to the names, calls, object states and persistent ids in a pickle. */
export interface PickleHost {
  /** Whether the pickle may use a name such as `torch.FloatStorage`. */
  allows(global: string): boolean;
  /** The value of a call of an allowed name. No Python code is run. */
  call(global: string, args: readonly PickleValue[]): PickleValue;
  /** Sets an object's state. */
  build(object: PickleValue, state: PickleValue): void;
  /** The object outside the pickle, a storage, that an id stands for. */
  persistent(id: PickleValue): PickleValue;
}

/** The machine's state. Opcodes change it through these methods, which throw SeawallError `weights` if it is invalid. */
export class Machine {
  readonly cursor: Cursor;
  readonly work = new Budget(limits.pickleWork, "steps of work on its pickle");
  stopped = false;
  readonly #host: PickleHost;
  readonly #stack: PickleValue[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(cursor: Cursor, host: PickleHost) {
    this.cursor = cursor;
    this.#host = host;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  /** Pushes a value that takes memory, at the cost of `limits.containerWork`. */
  pushContainer(value: PickleValue): void {
    this.work.spend(limits.containerWork);
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const value = this.top();
    this.#stack.length -= 1;
    return value;
  }

  top(): PickleValue {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) damaged("its stack is empty");
    return value;
  }

  mark(): void {
    if (this.#marks.length >= limits.nesting)
      refuseFile(`a pickle nested deeper than ${limits.nesting} levels`);
    this.#marks.push(this.#stack.length);
  }

  /** Removes and returns the values above the last mark, and the mark. */
  popToMark(): PickleValue[] {
    const start = this.#marks.pop();
    if (start === undefined) damaged("a MARK is missing");
    return this.#stack.splice(start);
  }

  /** Replaces the last `count` values by a tuple of them. */
  pushTuple(count: number): void {
    const items = Array.from({ length: count }, () => this.pop());
    this.pushContainer(Object.freeze(items.reverse()));
  }

  remember(index: number): void {
    this.#memo.set(index, this.top());
  }
  rememberNext(): void {
    this.remember(this.#memo.size);
  }
  recall(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) damaged(`memo entry ${index} was never written`);
    this.push(value);
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    // Tuples are frozen arrays. Sets are arrays, so that items are added in the same way.
    if (!Array.isArray(list) || Object.isFrozen(list))
      damaged(`items for a ${kindOf(list)} instead of a list`);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) damaged(`keys for a ${kindOf(dict)} instead of a dict`);
    fillDict(dict, items);
  }

  pushGlobal(module: string, name: string): void {
    const global = `${module}.${name}`;
    if (!this.#host.allows(global)) refuseGlobal(global);
    this.pushContainer(new PickledObject(global));
  }

  call(): void {
    const args = this.pop();
    const callee = this.pop();
    if (!(callee instanceof PickledObject) || callee.args !== undefined)
      damaged(`a call of a ${kindOf(callee)}`);
    if (!isPickleList(args)) damaged(`a call of ${callee.global} without a tuple of arguments`);
    this.pushContainer(this.#host.call(callee.global, args));
  }

  build(): void {
    const state = this.pop();
    this.#host.build(this.top(), state);
  }

  persistent(): void {
    this.pushContainer(this.#host.persistent(this.pop()));
  }

  result(): PickleValue {
    const value = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) damaged("values are left over at its end");
    return value;
  }
}

/** Adds items, alternately keys and values, to a dictionary. */
export function fillDict(dict: Map<PickleValue, PickleValue>, items: readonly PickleValue[]): void {
  if (items.length % 2 === 1) damaged("a key without a value");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
}

function refuseGlobal(global: string): never {
  refuseFile(
    `the file uses Python's ${quoteUntrusted(global)}, which no weights file needs; nothing in it was executed. ` +
      "Save only the tensors, by torch.save(model.state_dict(), …) or as .safetensors",
  );
}
