/** Pictures and files of finished runs. */
export { demoPicture, type PictureOptions, type PictureRow } from "./picture.node.js";
