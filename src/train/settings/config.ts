/** The configuration of a training: one schema for flags, config files and the library. */
import { z } from "zod";
import { checkSettings } from "../../base/index.js";
import { type RecipeName, recipes } from "./recipes.js";
import { trainingSettings } from "./settings.js";

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

/** Adds the settings of the named recipe where none is given. */
function withRecipe(values: unknown): unknown {
  const name = (values as { recipe?: unknown } | undefined)?.recipe;
  if (typeof name !== "string" || !Object.hasOwn(recipes, name)) return values;
  return { ...recipes[name as RecipeName].settings, ...(values as object) };
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
  for (const setting of ["patience", "top"] as const) {
    if (config[setting] !== undefined && config.holdOut === 0)
      yield [setting, "needs held-out images, and --hold-out is 0; hold some out"];
  }
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
