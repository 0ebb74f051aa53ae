/** Pictures and files of finished runs, and the viewer of all runs. */
export { htmlReport } from "./html/index.node.js";
export { type KeptOutcome, pruneToGallery, ReportKeeper } from "./keeper.node.js";
export { demoPicture, type PictureOptions, type PictureRow } from "./picture.node.js";
export { type ReportedRun, readReportedRun } from "./stored.node.js";
export { serveRuns, type ViewServer } from "./view/server.node.js";
export { type ReportFormat, reportFormats, writeReports } from "./write.node.js";
