/** Moves of a point as graph fragments: gradient steps, and projections onto the ball and the image range. */
import type { GraphBuilder, Value } from "../../onnx/index.js";
import type { StepFragment } from "../../oracle/index.js";

export type Norm = "linf" | "l2";

/** Tensors and scalars of APGD's step. */
type AscentStep = StepFragment<
  "image" | "current" | "previous" | "gradient",
  "radius" | "stepSize" | "momentum"
>;
type ProjectionStep = StepFragment<"image" | "point", "radius">;
type ScaledStep = StepFragment<"image" | "point" | "direction" | "scale", "radius" | "stepSize">;

/** What a norm must know: how to ascend, how to move, and how to come back into its ball. */
export interface NormSteps {
  /** The projected gradient step with momentum of APGD (attack scheme of AutoAttack). */
  readonly ascend: AscentStep;
  /** A step along a direction, each number of it divided by its own scale: P(point + η·direction/scale). */
  readonly move: ScaledStep;
  /** The nearest point of the ball, then of [0, 1]. */
  readonly project: ProjectionStep;
}

type Ball = (b: GraphBuilder, image: Value, point: Value, radius: Value) => Value;
type Direction = (b: GraphBuilder, gradient: Value) => Value;

const toRange = (b: GraphBuilder, point: Value) => b.op("Clip", [point, b.scalar(0), b.scalar(1)]);

/** clip(z, x − ε, x + ε), then [0, 1]. */
const linfBall: Ball = (b, image, point, radius) =>
  toRange(b, b.min(b.max(point, b.sub(image, radius)), b.add(image, radius)));

/** x + (z − x)·min(ε, ‖z − x‖₂)/‖z − x‖₂, then [0, 1]: not the exact projection on both, but inside both. */
const l2Ball: Ball = (b, image, point, radius) => {
  const delta = b.sub(point, image);
  const length = euclid(b, delta);
  return toRange(b, b.add(image, b.mul(delta, b.div(b.min(length, radius), b.add(length, tiny)))));
};

const tiny = 1e-12;
const euclid = (b: GraphBuilder, value: Value) => b.reduce("ReduceL2", value, [1]);

const sign: Direction = (b, gradient) => b.op("Sign", [gradient]);
const unit: Direction = (b, gradient) => b.div(gradient, b.add(euclid(b, gradient), tiny));

/** z = P(x_cur + η·direction(g)); then P(x_cur + a·(z − x_cur) + (1 − a)·(x_cur − x_prev)). */
function ascent(name: string, ball: Ball, direction: Direction): AscentStep {
  return {
    name: `ascend-${name}`,
    tensors: ["image", "current", "previous", "gradient"],
    scalars: ["radius", "stepSize", "momentum"],
    write(b, { image, current, previous, gradient, radius, stepSize, momentum }) {
      const aim = ball(b, image, b.add(current, b.mul(stepSize, direction(b, gradient))), radius);
      const forward = b.mul(momentum, b.sub(aim, current));
      const inertia = b.mul(b.sub(1, momentum), b.sub(current, previous));
      return ball(b, image, b.add(b.add(current, forward), inertia), radius);
    },
  };
}

function scaledMove(name: string, ball: Ball): ScaledStep {
  return {
    name: `move-${name}`,
    tensors: ["image", "point", "direction", "scale"],
    scalars: ["radius", "stepSize"],
    write: (b, { image, point, direction, scale, radius, stepSize }) =>
      ball(b, image, b.add(point, b.mul(stepSize, b.div(direction, scale))), radius),
  };
}

function projection(name: string, ball: Ball): ProjectionStep {
  return {
    name: `project-${name}`,
    tensors: ["image", "point"],
    scalars: ["radius"],
    write: (b, { image, point, radius }) => ball(b, image, point, radius),
  };
}

export const norms = {
  linf: {
    ascend: ascent("linf", linfBall, sign),
    move: scaledMove("linf", linfBall),
    project: projection("linf", linfBall),
  },
  l2: {
    ascend: ascent("l2", l2Ball, unit),
    move: scaledMove("l2", l2Ball),
    project: projection("l2", l2Ball),
  },
} satisfies Record<Norm, NormSteps>;
