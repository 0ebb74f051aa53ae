/** Weights outside of a model's file. */

/** Reads a file of external tensor data, given by its path relative to the model. */
export type ExternalData = (location: string) => Uint8Array;
