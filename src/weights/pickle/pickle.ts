/** Python's pickle read as inert values: it can name and record, never import or execute. */
import type { Cursor } from "../guard/cursor.js";
import { limits } from "../guard/limits.js";
import { refuse } from "../guard/refuse.js";
import { Machine, type PickleHost } from "./machine.js";
import { opcodes } from "./opcodes.js";
import { isList, PickledObject, type Value } from "./value.js";

/**
 * Reads one pickle (protocols 1 to 5, as torch writes them) from the cursor's position to its STOP.
 * @throws SeawallError `weights` for a name that the host does not allow, an opcode that torch never writes,
 * and for anything damaged, too large or too deep.
 */
export function unpickle(cursor: Cursor, host: PickleHost): Value {
  const machine = new Machine(cursor, host);
  while (!machine.stopped) {
    const position = cursor.position;
    const code = cursor.byte();
    machine.work.spend(1);
    const opcode = opcodes[code];
    if (!opcode) {
      const shown = code.toString(16).padStart(2, "0");
      refuse(
        `pickle opcode 0x${shown} at byte ${position}: torch.save does not write it; nothing was executed`,
      );
    }
    opcode(machine);
  }
  const value = machine.result();
  checkNesting(value);
  return value;
}

/** Whoever walks a checkpoint may trust that its levels are few; circles are followed once. */
function checkNesting(root: Value): void {
  const seen = new Set<Value>();
  let level = childrenOf(root);
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > limits.nesting) refuse(`containers nested deeper than ${limits.nesting} levels`);
    const next: Value[] = [];
    for (const value of level) {
      if (seen.has(value)) continue;
      const children = childrenOf(value);
      if (children.length > 0) seen.add(value);
      for (const child of children) next.push(child);
    }
    level = next;
  }
}

function childrenOf(value: Value): readonly Value[] {
  if (isList(value)) return value;
  if (value instanceof Map) return [...value.keys(), ...value.values()];
  if (value instanceof PickledObject) return [...(value.args ?? []), ...(value.state ? [value.state] : [])];
  return [];
}
