export interface Place {
  readonly top: string;
  readonly folder: string;
  readonly cache: string;
  readonly readable: readonly string[];
  readonly writable: readonly string[];
}

export function makePlace(): Place;
