/** The palettes of published data sets, from the definitions of the data sets. */
import { ignored } from "./stored.js";

/** The classes of colours. Plain data, so that it can be sent to a worker. */
export interface Palette {
  /** Its name, or the file it was read from. */
  readonly name: string;
  /** Colours as red · 65536 + green · 256 + blue → class; −1: counts nowhere. */
  readonly classes: ReadonlyMap<number, number>;
  /** What a user of the palette should know. */
  readonly notice?: string;
}

/** A colour as six hexadecimal digits; colours of one class with + between them. */
function colours(text: string): number[][] {
  return text
    .trim()
    .split(/\s+/)
    .map((group) => group.split("+").map((hex) => Number.parseInt(hex, 16)));
}

/** @param groups the colours of class `first`, of the next one, …; a colour of two classes is the first one's */
function classesOf(
  groups: readonly (readonly number[])[],
  nowhere: readonly number[],
  first = 0,
): ReadonlyMap<number, number> {
  const classes = new Map<number, number>();
  for (const colour of nowhere) classes.set(colour, ignored);
  groups.forEach((group, i) => {
    for (const colour of group) if (!classes.has(colour)) classes.set(colour, first + i);
  });
  return classes;
}

/** PASCAL VOC: the bits of the class number, spread over the high bits of red, green and blue. */
export function vocColour(label: number): number {
  const channel = (offset: number) =>
    Array.from({ length: 8 }, (_, bit) => ((label >> (3 * bit + offset)) & 1) << (7 - bit)).reduce(
      (sum, value) => sum + value,
    );
  return channel(0) * 65536 + channel(1) * 256 + channel(2);
}

const vocGroups = Array.from({ length: 21 }, (_, label) => [vocColour(label)]);

/** The 19 classes of the evaluation, by train id (`labels.py` of cityscapesScripts). */
const cityscapesClasses = colours(`
  804080 f423e8 464646 66669c be9999 999999 faaa1e dcdc00 6b8e23 98fb98
  4682b4 dc143c ff0000 00008e 000046 003c64 005064 0000e6 770b20
`);
/** Unlabelled, dynamic, ground, parking, rail track, guard rail, bridge, tunnel, caravan and trailer. */
const cityscapesNowhere = colours(
  "000000 6f4a00 510051 faaaa0 e6968c b4a5b4 966464 96785a 00005a 00006e",
).flat();

/** The 32 classes of CamVid in the eleven groups of SegNet's release; black is void. */
const camvidClasses = colours(`
  808080
  800000+c00080+008040+400040+40c000
  c0c080+000040
  804080+8000c0+c00040
  0000c0+40c080+8080c0
  808000+c0c000
  c08080+808040+004040
  404080
  400080+804040+4080c0+c04080+c080c0
  404000+408040+4000c0+c08040
  0080c0+c000c0
`);

/** The 150 object classes of ADE20K, stored as 1 to 150 (colours of the scene parsing challenge's toolkit). */
const ade20kClasses = colours(`
  787878 b47878 06e6e6 503232 04c803 787850 8c8c8c cc05ff e6e6e6 04fa07 e005ff ebff07 96053d 787846 08ff33
  ff0652 8fff8c ccff04 ff3307 cc4603 0066c8 3de6fa ff0633 0b66ff ff0747 ff09e0 0907e6 dcdcdc ff095c 7009ff
  08ffd6 07ffe0 ffb806 0aff47 ff290a 07ffff e0ff08 6608ff ff3d06 ffc207 ff7a08 00ff14 ff0829 ff0599 0633ff
  eb0cff a09614 00a3ff 8c8c8c fa0a0f 14ff00 1fff00 ff1f00 ffe000 99ff00 0000ff ff4700 00ebff 00adff 1f00ff
  0bc8c8 ff5200 00fff5 003dff 00ff70 00ff85 ff0000 ffa300 ff6600 c2ff00 008fff 33ff00 0052ff 00ff29 00ffad
  0a00ff adff00 00ff99 ff5c00 ff00ff ff00f5 ff0066 ffad00 ff0014 ffb8b8 001fff 00ff3d 0047ff ff00cc 00ffc2
  00ff52 000aff 0070ff 3300ff 00c2ff 007aff 00ffa3 ff9900 00ff0a ff7000 8fff00 5200ff a3ff00 ffeb00 08b8aa
  8500ff 00ff5c b800ff ff001f 00b8ff 00d6ff ff0070 5cff00 00e0ff 70e0ff 46b8a0 a300ff 9900ff 47ff00 ff00a3
  ffcc00 ff008f 00ffeb 85ff00 ff00eb f500ff ff007a fff500 0abed4 d6ff00 00ccff 1400ff ffff00 0099ff 0029ff
  00ffcc 2900ff 29ff00 ad00ff 00f5ff 4700ff 7a00ff 00ffb8 005cff b8ff00 0085ff ffd600 19c2c2 66ff00 5c00ff
`);

/** The palettes that have a name. Their classes are those that the data set's own label files store. */
export const palettes = {
  voc: { name: "voc", classes: classesOf(vocGroups, [vocColour(255)]) },
  cityscapes: {
    name: "cityscapes",
    classes: classesOf(cityscapesClasses, cityscapesNowhere),
    notice:
      "in Cityscapes' colours, pole groups look like poles and licence plates like cars, so they count as those; label files with numbers tell them apart",
  },
  camvid: { name: "camvid", classes: classesOf(camvidClasses, [0]) },
  ade20k: {
    name: "ade20k",
    classes: classesOf([[0], ...ade20kClasses], []),
    notice:
      "in ADE20K's colours, road and skyscraper are both (140, 140, 140), which is read as road; label files with numbers tell them apart",
  },
} as const satisfies Record<string, Palette>;
