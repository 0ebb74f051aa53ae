/** What the page and the worker that attacks say to each other. */
import type { Result, RunDescription, RunRecord, StoredTrace } from "../src/journal/index.js";
import type { CurvedTrace } from "../src/report/index.js";
import type { Device } from "../src/runtime/index.js";
import type { KeptPicture } from "./kept.js";
import type { Places } from "./places.js";

/** A file that a person chose, or one of the demo's. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Where a model stands: two are attacked side by side. */
export type Side = "left" | "right";

/** A model with the images that it is attacked on. */
export interface Opening {
  readonly side: Side;
  /** Counts the openings of a side, so that reports on an earlier one can be told apart. */
  readonly opening: number;
  readonly model: GivenFile;
  readonly images: readonly GivenFile[];
  /** Without labels, the model's own clean prediction is the reference. */
  readonly labels: readonly GivenFile[];
  readonly places: Places;
  /** The names of the model's classes, where they are known. */
  readonly classNames: readonly string[];
  /** The stored value of labels that count nowhere. */
  readonly ignoreLabel: number | undefined;
  readonly device: Device;
}

/** An attack, or several, on every image of the model on a side. */
export interface AttackOrder {
  readonly side: Side;
  /** A list as `seawall eval --attacks` takes it. */
  readonly attacks: string;
  /** The radius, as `4/255`. */
  readonly eps: string;
  readonly steps: number;
}

/**
 * Requests of the page. An opening replaces the one before; a stop ends the attack that goes on, and a closing the opening.
 * `resume` attacks what a stopped attack has left; `save` packs its run with this report, which only a page can draw.
 */
export type Request =
  | ({ readonly kind: "open" } & Opening)
  | ({ readonly kind: "attack" } & AttackOrder)
  | { readonly kind: "stop" | "close" | "resume"; readonly side: Side }
  | { readonly kind: "save"; readonly side: Side; readonly report: string | undefined };

/** A picture: three bytes per pixel, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

/** Pictures by their place on the page. */
export interface Pictures {
  readonly image?: Picture;
  readonly label?: Picture;
  readonly prediction?: Picture;
  readonly attacked?: Picture;
  readonly perturbation?: Picture;
}

/** Where a run is. */
export interface LiveProgress {
  readonly image: string;
  readonly attack: string;
  /** Passes done, of those expected. */
  readonly done: number;
  readonly total: number;
  readonly passesPerSecond: number;
  readonly secondsLeft: number;
}

/** The course of an attack so far. */
export interface LiveTrace extends CurvedTrace {
  readonly image: string;
  readonly attack: string;
}

/** What a worker can run on, said once when it starts. */
export interface Facilities {
  readonly engine: string;
  readonly threads: number;
  readonly devices: readonly Device[];
  /** Bytes that a model may ask for. */
  readonly memory: number;
}

/** What the worker says: once that it is ready, then reports on the openings that it works on. */
export type Said =
  | ({ readonly kind: "ready" } & Facilities)
  | { readonly kind: "report"; readonly side: Side; readonly opening: number; readonly report: Report };

/** What a run has come to. */
export interface RunOutcome {
  readonly description: RunDescription;
  readonly records: readonly RunRecord[];
  /** Every image has met every attack; only then are the checks made. */
  readonly isComplete: boolean;
  /** That of the images that have met every attack; absent where there is none. */
  readonly result?: Result;
  readonly traces: readonly StoredTrace[];
  /** The pictures that its report shows. */
  readonly pictures: readonly KeptPicture[];
  /** Perturbed images that there was no memory for. */
  readonly left: number;
}

/** Reports on an opened model, or one that cannot be opened. */
export type Report =
  | {
      readonly kind: "opened";
      readonly notices: readonly string[];
      readonly images: readonly string[];
      readonly classes: number;
      /** Whether the model's own prediction is the reference. */
      readonly self: boolean;
      readonly clean: readonly RunRecord[];
      readonly pictures: Pictures;
    }
  | {
      readonly kind: "live";
      readonly progress: LiveProgress;
      readonly trace: LiveTrace;
      readonly pictures: Pictures;
    }
  | { readonly kind: "attacked"; readonly record: RunRecord; readonly pictures: Pictures }
  /** The attack is done; the checks of its soundness are made. */
  | { readonly kind: "checking" }
  | {
      readonly kind: "finished";
      readonly stopped: boolean;
      readonly seconds: number;
      readonly run: RunOutcome;
    }
  | { readonly kind: "saved"; readonly zip: Uint8Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly message: string };

export type Tell = (report: Report) => void;
