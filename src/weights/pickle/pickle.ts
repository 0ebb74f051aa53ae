/** Reading Python's pickle as plain data. Nothing is imported or executed. */
import type { Cursor } from "../guard/cursor.js";
import { limits } from "../guard/limits.js";
import { refuseFile } from "../guard/refuse.js";
import { Machine, type PickleHost } from "./machine.js";
import { opcodes } from "./opcodes.js";
import { isPickleList, PickledObject, type PickleValue } from "./value.js";

/**
 * Reads one pickle (protocols 1 to 5, as torch writes them) from the cursor's position to its STOP.
 * @throws SeawallError `weights` for a name that the host does not allow, an opcode that torch never writes,
 * and a pickle that is invalid, too large or nested too deeply
 */
export function unpickle(cursor: Cursor, host: PickleHost): PickleValue {
  const machine = new Machine(cursor, host);
  while (!machine.stopped) {
    const position = cursor.position;
    const code = cursor.byte();
    machine.work.spend(1);
    const opcode = opcodes[code];
    if (!opcode) {
      const shown = code.toString(16).padStart(2, "0");
      refuseFile(
        `pickle opcode 0x${shown} at byte ${position}: torch.save does not write it; nothing was executed`,
      );
    }
    opcode(machine);
  }
  const value = machine.result();
  checkNesting(value);
  return value;
}

/** Bounds the nesting of a value, so that recursive code is safe. A value is visited once, also in a circle. */
function checkNesting(root: PickleValue): void {
  const seen = new Set<PickleValue>();
  let level = childrenOf(root);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limits.nesting) refuseFile(`containers nested deeper than ${limits.nesting} levels`);
    const next: PickleValue[] = [];
    for (const value of level) {
      if (seen.has(value)) continue;
      const children = childrenOf(value);
      if (children.length > 0) seen.add(value);
      for (const child of children) next.push(child);
    }
    level = next;
  }
}

function childrenOf(value: PickleValue): readonly PickleValue[] {
  if (isPickleList(value)) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof PickledObject) return [...(value.args ?? []), ...(value.state ? [value.state] : [])];
  return [];
}
