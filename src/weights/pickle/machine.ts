/** The stack machine behind pickle: what opcodes may do to values, everything checked. */
import type { Cursor } from "../guard/cursor.js";
import { Budget, limits } from "../guard/limits.js";
import { damaged, quote, refuse } from "../guard/refuse.js";
import { isList, kindOf, PickledObject, type Value } from "./value.js";

/** What the surroundings of a pickle give meaning to: names, calls, object states and persistent ids. */
export interface PickleHost {
  /** Whether a global such as `torch.FloatStorage` may be named. */
  allows(global: string): boolean;
  /** The value of calling an allowed global; an inert record of the call at most. */
  call(global: string, args: readonly Value[]): Value;
  /** Hands an object its state. */
  build(object: Value, state: Value): void;
  /** The thing outside the pickle (a storage) that an id stands for. */
  persistent(id: Value): Value;
}

/** The machine's state; opcodes act on it through these methods, which check everything. */
export class Machine {
  readonly cursor: Cursor;
  readonly work = new Budget(limits.pickleWork, "steps of work on its pickle");
  stopped = false;
  readonly #host: PickleHost;
  readonly #stack: Value[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Value>();

  constructor(cursor: Cursor, host: PickleHost) {
    this.cursor = cursor;
    this.#host = host;
  }

  push(value: Value): void {
    this.#stack.push(value);
  }

  /** Pushes a value that takes memory of its own. */
  pushContainer(value: Value): void {
    this.work.spend(limits.containerWork);
    this.#stack.push(value);
  }

  pop(): Value {
    const value = this.top();
    this.#stack.length -= 1;
    return value;
  }

  top(): Value {
    const value = this.#stack.at(-1);
    if (value === undefined || this.#stack.length <= (this.#marks.at(-1) ?? 0)) damaged("its stack is empty");
    return value;
  }

  mark(): void {
    if (this.#marks.length >= limits.nesting) refuse(`a pickle nested deeper than ${limits.nesting} levels`);
    this.#marks.push(this.#stack.length);
  }

  /** Everything above the last mark, which goes. */
  popToMark(): Value[] {
    const start = this.#marks.pop();
    if (start === undefined) damaged("a MARK is missing");
    return this.#stack.splice(start);
  }

  /** The last `count` values as a tuple. */
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

  append(items: readonly Value[]): void {
    const list = this.top();
    // Tuples are frozen arrays; sets are arrays too and take items the same way.
    if (!Array.isArray(list) || Object.isFrozen(list))
      damaged(`items for a ${kindOf(list)} instead of a list`);
    for (const item of items) list.push(item);
  }

  setItems(items: readonly Value[]): void {
    const dict = this.top();
    if (!(dict instanceof Map)) damaged(`keys for a ${kindOf(dict)} instead of a dict`);
    fill(dict, items);
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
    if (!isList(args)) damaged(`a call of ${callee.global} without a tuple of arguments`);
    this.pushContainer(this.#host.call(callee.global, args));
  }

  build(): void {
    const state = this.pop();
    this.#host.build(this.top(), state);
  }

  persistent(): void {
    this.pushContainer(this.#host.persistent(this.pop()));
  }

  result(): Value {
    const value = this.pop();
    if (this.#stack.length > 0 || this.#marks.length > 0) damaged("values are left over at its end");
    return value;
  }
}

/** Puts keys and values, which alternate, into a dictionary. */
export function fill(dict: Map<Value, Value>, items: readonly Value[]): void {
  if (items.length % 2 === 1) damaged("a key without a value");
  for (let i = 0; i < items.length; i += 2) dict.set(items[i]!, items[i + 1]!);
}

function refuseGlobal(global: string): never {
  refuse(
    `the file asks for Python's ${quote(global)}, which no file of weights needs; nothing in it was executed. ` +
      "Save the tensors alone, torch.save(model.state_dict(), …), or as .safetensors",
  );
}
