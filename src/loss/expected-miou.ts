/**
 * Expected mIoU: the first-order change of the mIoU of a whole set. Every class has a value: what it gains where a pixel
 * is taken for it, and what a right pixel of it costs. At a low temperature the loss is that change itself.
 */
import type { GraphBuilder, Value } from "../onnx/index.js";
import type { FamilyTerms, Loss, LossFamily } from "./loss.js";
import type { PixelTerms } from "./pixel.js";

/**
 * With v_t = gain_t for t ≠ y and v_y = −price_y: the value is Σ_t p_t·v_t, and its gradient at the logits, with ‖p‖₂
 * held constant, p∘(v − value)/(‖p‖₂·τ). Gain and price 0 and 1 make it `expected-accuracy`.
 */
const expectedFamily: LossFamily = {
  name: "expected",
  write(pixel): FamilyTerms {
    const b = pixel.build;
    const { gain } = pixel.setValues();
    const value = b.mul(expectedValue(pixel), pixel.valid());
    const damped = b.div(pixel.valid(), pixel.probabilityNorm());
    return {
      plain: b.mul(pixel.crossEntropy(), pixel.valid()),
      tracked: [value],
      values: () => [b.mul(value, damped)],
      gradient(_, share) {
        const weight = b.mul(damped, pixel.sharpness === undefined ? share : b.mul(pixel.sharpness, share));
        const ofAll = b.mul(b.sub(gain, value), b.mul(pixel.exponential(), b.div(weight, pixel.partition())));
        return pixel.addAtLabel(ofAll, b.neg(b.mul(weight, b.mul(pixel.probability(), tollAtLabel(pixel)))));
      },
    };
  },
};

/** Σ_t p_t·v_t = Σ_t p_t·gain_t − p_y·(gain_y + price_y). */
function expectedValue(pixel: PixelTerms): Value {
  const b = pixel.build;
  const gained = b.matmul(b.transpose(pixel.setValues().gain, [0, 2, 1]), pixel.exponential());
  return b.sub(b.div(gained, pixel.partition()), b.mul(pixel.probability(), tollAtLabel(pixel)));
}

/** gain_y + price_y. */
function tollAtLabel(pixel: PixelTerms): Value {
  const { gain, price } = pixel.setValues();
  return ofClass(pixel.build, pixel.build.add(gain, price), pixel.label());
}

/** The entries of N×K×1 values for N×1×P classes. */
function ofClass(b: GraphBuilder, values: Value, classes: Value): Value {
  return b.op("GatherElements", [b.transpose(values, [0, 2, 1]), classes], { axis: 2 });
}

/** −v at the predicted class: price_y where the pixel is right, −gain where it is wrong. */
function remaining(pixel: PixelTerms): Value {
  const b = pixel.build;
  const gained = b.mul(ofClass(b, pixel.setValues().gain, pixel.predicted()), pixel.valid());
  return b.sub(b.mul(pixel.correct(), tollAtLabel(pixel)), gained);
}

export const expectedMiou: Loss = {
  name: "expected-miou",
  family: expectedFamily,
  score: remaining,
  needsSetValues: true,
  formula: "Σ_t p_t·v_t/‖p‖₂, v_t = gain_t, v_y = −price_y, ‖p‖₂ held constant",
  source: "the first-order change of Σ_c I_c/U_c of the set",
};
