/** What is attacked: models that differ, each with images that nothing was tuned on. */

/** @typedef {import("../../dist/index.js").EvaluationInput & { name: string, eps: string }} Bed */

/**
 * @param {string} models folder of the ONNX files
 * @param {string} data folder with `camvid/`
 * @returns {Bed[]}
 */
export function bedsOf(models, data) {
  // The attacks were chosen on the first eight images.
  const images = { data: `camvid:${data}/camvid`, split: "val", offset: 8, limit: 20 };
  const small = { resizeShort: 180, crop: [180, 240] };
  // Its strides ask for multiples of 8.
  const divisible = { resizeShort: 180, crop: [176, 240] };
  return [
    { name: "robust", model: "demo/robust.onnx", ...images, ...small, eps: "8/255,12/255" },
    { name: "at2", model: `${models}/at2.onnx`, ...images, ...small, eps: "8/255,16/255" },
    { name: "espnet", model: `${models}/espnet.onnx`, ...images, ...divisible, eps: "0.5/255,1/255" },
  ];
}
