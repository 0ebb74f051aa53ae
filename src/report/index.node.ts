/** Pictures and files of finished runs, and the viewer of all runs. */
export { demoPicture, type PictureOptions, type PictureRow } from "./picture.node.js";
export { serveRuns, type ViewServer } from "./view/server.node.js";
