/** What the decoder does not say of a TIFF file: whether its further bands are transparency. */

/** Tag of the meanings of bands beyond those of the colours; 1 and 2 are transparency, 0 is anything else. */
const extraSamples = 338;

/** Whether the first page of a TIFF or BigTIFF says that its first further band is transparency. */
export function marksAlpha(bytes: Uint8Array): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const little = bytes[0] === 0x49;
  const isBig = view.getUint16(2, little) === 43;
  const whole = (at: number) => (isBig ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const inside = (at: number, length: number) => at + length <= bytes.length;
  const start = whole(isBig ? 8 : 4);
  const [countBytes, entryBytes, valueAt] = isBig ? [8, 20, 12] : [2, 12, 8];
  if (!inside(start, countBytes)) return false;
  const count = isBig ? whole(start) : view.getUint16(start, little);
  for (
    let entry = start + countBytes, i = 0;
    i < count && inside(entry, entryBytes);
    i++, entry += entryBytes
  ) {
    if (view.getUint16(entry, little) !== extraSamples) continue;
    // Shorts; more than fit into the entry lie elsewhere in the file.
    const fits = whole(entry + 4) * 2 <= entryBytes - valueAt;
    const at = fits ? entry + valueAt : whole(entry + valueAt);
    const meaning = inside(at, 2) ? view.getUint16(at, little) : 0;
    return meaning === 1 || meaning === 2;
  }
  return false;
}
