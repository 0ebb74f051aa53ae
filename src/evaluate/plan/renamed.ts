/** Settings under names of earlier versions: still read, with a notice. */

/** Old name → present name. */
export const renamedSettings: Readonly<Record<string, string>> = { batchSize: "parallel" };

/** Settings under their present names. */
export interface RenamedSettings {
  readonly values: Readonly<Record<string, unknown>>;
  /** One sentence for each old name that was used. */
  readonly notices: readonly string[];
}

/**
 * Gives settings their present names. Where both names are given, the present one wins.
 * @param shown how a setting is written in notices; default: as it is
 */
export function renameSettings(
  settings: Readonly<Record<string, unknown>>,
  shown: (setting: string) => string = (setting) => setting,
): RenamedSettings {
  const used = Object.entries(renamedSettings).filter(([old]) => settings[old] !== undefined);
  const kept = Object.entries(settings).filter(([name]) => !Object.hasOwn(renamedSettings, name));
  const present = used.map(([old, name]) => [name, settings[name] ?? settings[old]] as const);
  return {
    values: Object.fromEntries([...kept, ...present]),
    notices: used.map(
      ([old, name]) => `${shown(old)} is now called ${shown(name)}; the old name still works for now`,
    ),
  };
}
