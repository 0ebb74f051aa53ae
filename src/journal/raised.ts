/** Whether a check is raised; apart from the schemas, which a page need not load for it. */
import type { Soundness } from "./description.js";

/** Whether a check found something that makes figures doubtful. */
export function isRaised({ status }: Pick<Soundness, "status">): boolean {
  return status === "warn" || status === "fail";
}
