/** The version of the program, read once. */
import { packageVersion } from "../../base/index.node.js";

export const version = packageVersion();
