/** Where files lie by the words of a command line: a page is not told. Those of the demo are paths in the package. */
export interface Places {
  /** The model's file. */
  readonly model: string;
  /** Folders. */
  readonly images: string;
  readonly labels: string;
  /** A file of class names, where there is one. */
  readonly classes?: string;
}

/** Images, with labels or without, as `seawall eval --data` takes them. */
export function dataSpecOf(places: Places, hasLabels: boolean): string {
  return `folder:${places.images}${hasLabels ? `,${places.labels}` : ""}`;
}
