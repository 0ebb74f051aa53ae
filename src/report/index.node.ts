/** The parts of `report` that need Node: report files, pictures, and the viewer. */

export { type ReportFormat, reportFormats, writeReports } from "./formats/write.node.js";
export { htmlReport } from "./html/index.node.js";
export { ownGates } from "./own-gates.js";
export { openKeeper, pruneToGallery } from "./pictures/keeper.node.js";
export { demoPicture, type PictureOptions, type PictureRow } from "./pictures/picture.node.js";
export { type HeldOutExample, keepExample } from "./pictures/training.node.js";
export { readReportedRun } from "./stored.node.js";
export type { LocalServer } from "./view/loopback.node.js";
export { servePage } from "./view/page.node.js";
export { serveRuns } from "./view/server.node.js";
