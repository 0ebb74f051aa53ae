/** The pixels near a boundary between labels. */

/** Height and width of a label map, in pixels. */
export interface MapSize {
  readonly height: number;
  readonly width: number;
}

/** The distance up to which a pixel is near a boundary: 0.5 % of the diagonal, at least one pixel. */
function boundaryWidth({ height, width }: MapSize): number {
  return Math.max(1, Math.round(0.005 * Math.hypot(height, width)));
}

/** 1 for pixels within `boundaryWidth` rows and columns of a pixel whose neighbour has another label or is ignored. */
export function nearBoundary(labels: ArrayLike<number>, size: MapSize): Uint8Array {
  const { height, width } = size;
  const edge = new Uint8Array(height * width);
  const part = (a: number, b: number) => {
    if (labels[a] !== labels[b]) edge[a] = edge[b] = 1;
  };
  for (let pixel = 0; pixel < edge.length; pixel++) {
    if (pixel % width < width - 1) part(pixel, pixel + 1);
    if (pixel < edge.length - width) part(pixel, pixel + width);
  }
  const reach = boundaryWidth(size);
  const lines = (count: number, start: number) => Array.from({ length: count }, (_, i) => i * start);
  const rows = spread(edge, lines(height, width), width, 1, reach);
  return spread(rows, lines(width, 1), height, width, reach);
}

/** Marks all positions within `reach` of a marked position, along each line. */
function spread(
  marks: Uint8Array,
  starts: readonly number[],
  length: number,
  stride: number,
  reach: number,
): Uint8Array {
  const reached = new Uint8Array(marks.length);
  for (const start of starts) {
    const sweep = (from: number, direction: number) => {
      let since = reach + 1;
      for (let i = 0, at = from; i < length; i++, at += direction * stride) {
        since = marks[at] ? 0 : since + 1;
        if (since <= reach) reached[at] = 1;
      }
    };
    sweep(start, 1);
    sweep(start + (length - 1) * stride, -1);
  }
  return reached;
}
