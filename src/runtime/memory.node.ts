/** How much memory this process may plan with. */
import { totalmem } from "node:os";
import { SeawallError } from "../base/index.js";

/** An environment variable that lowers the bound, such as 2GiB; models that ask for more are refused before they run. */
export const memoryVariable = "SEAWALL_MEMORY";

const units: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30 };

/**
 * Bytes: the least of the machine's memory, the limit of its container, and what the environment states.
 * @throws SeawallError `usage` if the variable is no amount of memory
 */
export function memoryBound(stated = process.env[memoryVariable]): number {
  // Node gives 0 or a huge number where no container has a limit.
  const there = Math.min(totalmem(), process.constrainedMemory() || totalmem());
  if (!stated) return there;
  const [, amount, unit] = /^(\d+(?:\.\d+)?)(MiB|GiB)$/.exec(stated) ?? [];
  if (!unit || Number(amount) === 0) {
    throw new SeawallError(
      "usage",
      `${memoryVariable}=${stated}: expected an amount of memory such as 800MiB or 2GiB`,
    );
  }
  return Math.min(there, Number(amount) * units[unit]!);
}
