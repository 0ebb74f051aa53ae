/** Class colours that can be told apart with any kind of colour vision. */

export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * Pale grey, the seven colours of Okabe and Ito, then colours chosen one after another for the largest distance from all
 * earlier colours. The distance is the smallest over normal vision, protanopia, deuteranopia and tritanopia.
 */
const hexColours =
  "dddddd 0072b2 d55e00 009e73 f0e442 cc79a7 56b4e9 e69f00 8800ee 224422 662266 aaeeaa " +
  "8866ee 4422aa aaaa66 884400 44ee66 886644 666666 cc00aa aaccaa 444444 aa4488 8888ee";

export const palette: readonly Rgb[] = hexColours.split(" ").map((hex) => {
  const value = Number.parseInt(hex, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
});

/** The colour of ignored pixels. */
const ignoredColour: Rgb = [0, 0, 0];

/** The colour of a class, or of ignored pixels for −1. Beyond the palette's length, colours repeat. */
export function classColour(label: number): Rgb {
  return label < 0 ? ignoredColour : palette[label % palette.length]!;
}
