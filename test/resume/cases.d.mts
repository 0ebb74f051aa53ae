export interface Case {
  readonly name: string;
  readonly args: readonly string[];
  readonly resumes?: boolean;
  readonly begin?: (folder: string) => void;
}
export function casesOf(
  verb: string,
  place: string,
  sizes?: { readonly images?: number; readonly architecture?: string },
): Promise<Case[]>;
