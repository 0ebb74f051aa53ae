/** The configuration of a training: one schema for flags, config files and the library. */
import { z } from "zod";
import { checkSettings } from "../../base/index.js";
import { type RecipeName, recipes } from "./recipes.js";
import { trainingSettings } from "./settings.js";

/** The settings, and the name of those beneath them. */
export const trainingOptions = trainingSettings.extend({
  recipe: z
    .enum(Object.keys(recipes) as [RecipeName, ...RecipeName[]])
    .optional()
    .describe("named settings of the paper, beneath those given here"),
});

export type TrainingConfig = z.output<typeof trainingOptions>;
/** What a user may leave out is optional. */
export type TrainingInput = z.input<typeof trainingOptions>;

/** The settings over those of the recipe that they name. */
function withRecipe(values: unknown): unknown {
  const name = (values as { recipe?: unknown } | undefined)?.recipe;
  if (typeof name !== "string" || !Object.hasOwn(recipes, name)) return values;
  return { ...recipes[name as RecipeName].settings, ...(values as object) };
}

/** Checks settings after putting them over their recipe's. */
export const trainingSchema = z.preprocess(withRecipe, trainingOptions);

/**
 * Checks a configuration and fills in recipe and defaults.
 * @throws SeawallError `config` listing every mistake at once, each with its setting
 */
export function parseTrainingConfig(input: unknown): TrainingConfig {
  return checkSettings(trainingSchema, input);
}
