/** The configuration of a training: one schema for flags, config files and the library. */
import { z } from "zod";
import { checkSettings } from "../../base/index.js";
import { type RecipeName, recipes } from "./recipes.js";
import { defaultRadius, trainingSettings } from "./settings.js";

/** The settings, and the name of a recipe that supplies those that are not given. */
export const trainingOptions = trainingSettings.extend({
  recipe: z
    .enum(Object.keys(recipes) as [RecipeName, ...RecipeName[]])
    .optional()
    .describe("named settings of the paper, used where nothing else is given"),
});

export type TrainingConfig = z.output<typeof trainingOptions>;
/** Configuration as a user gives it; settings with a default may be left out. */
export type TrainingInput = z.input<typeof trainingOptions>;

/** Adds the settings of the named recipe where none is given, and those of Free-AT with --replay. */
function withRecipe(values: unknown): unknown {
  if (typeof values !== "object" || values === null) return values;
  const { recipe: name, replay, eps } = values as Readonly<Record<string, unknown>>;
  const isNamed = typeof name === "string" && Object.hasOwn(recipes, name);
  return {
    // As published: a replay is a step, of the length of the radius.
    ...(replay !== undefined && { attackSteps: 1, stepSize: eps ?? defaultRadius }),
    ...(isNamed && recipes[name as RecipeName].settings),
    ...values,
  };
}

/** Reports settings that contradict each other. */
function refuseContradictions(config: TrainingConfig, context: z.RefinementCtx): void {
  for (const [setting, message] of contradictions(config)) {
    context.addIssue({ code: "custom", path: [setting], message });
  }
}

/** Settings that others contradict, each with the remedy. */
function* contradictions(
  config: TrainingConfig,
): Generator<readonly [setting: keyof TrainingConfig, remedy: string]> {
  if (config.attack !== "pgd" && config.attackGradients === "accumulate")
    yield [
      "attackGradients",
      `accumulate is what the published code does with pgd; not with --attack ${config.attack}`,
    ];
  if (config.attack !== "pgd" && config.attackSteps === 0)
    yield ["attack", `--attack-steps 0 attacks nothing; leave ${config.attack} out or give it steps`];
  if (config.replay !== undefined) yield* contradictionsOfReplay(config.replay, config);
  for (const setting of ["patience", "top"] as const) {
    if (config[setting] !== undefined && config.holdOut === 0)
      yield [setting, "needs held-out images, and --hold-out is 0; hold some out"];
  }
}

/** Replays make their steps of the attack with the updates themselves. */
function* contradictionsOfReplay(replay: number, config: TrainingConfig): ReturnType<typeof contradictions> {
  const { attack, attackSteps, attackGradients, randomStart, cleanShare, epochs } = config;
  if (attackSteps !== 1)
    yield ["replay", `each replay is one step of the attack, not ${attackSteps}; give --attack-steps 1`];
  if (attack !== "pgd") yield ["replay", `replays climb the training loss; leave --attack ${attack} out`];
  if (attackGradients !== "separate")
    yield ["replay", "replays update by the gradients of their passes already; leave --attack-gradients out"];
  if (randomStart)
    yield ["replay", "the perturbation goes on from the batch before; leave --random-start out"];
  if (cleanShare > 0) yield ["replay", `all images are perturbed; leave --clean-share ${cleanShare} out`];
  const fewer = epochs - (epochs % replay);
  if (fewer === epochs) return;
  const near = [fewer, fewer + replay].filter((count) => count > 0).join(" or ");
  yield ["replay", `--epochs ${epochs} is no multiple of ${replay}; give ${near}`];
}

/** The schema of a configuration, applied after the recipe has been filled in. */
export const trainingSchema = z.preprocess(withRecipe, trainingOptions.superRefine(refuseContradictions));

/**
 * Checks a configuration and fills in recipe and defaults.
 * @throws SeawallError `config` listing every mistake at once, each with its setting
 */
export function parseTrainingConfig(input: unknown): TrainingConfig {
  return checkSettings(trainingSchema, input);
}
