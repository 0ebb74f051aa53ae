/** What stands on the server as JSON, checked when it is read: whoever writes to the server must not be able to do harm. */
import { z } from "zod";
import { checkJson, type ErrorCode, parseJson } from "../base/index.js";

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const parts = z.record(z.string().max(100), digest).refine((named) => Object.keys(named).length <= 16);
const seconds = z.number().min(0);
const count = z.int().min(0);

/** JSON, and named bytes. */
export interface QueueContent {
  readonly head: unknown;
  readonly parts: Readonly<Record<string, Uint8Array>>;
}

/** What all requests of a setup have in common. */
const setupSchema = z.strictObject({ id: digest, head: z.json(), parts });
export type StoredSetup = z.infer<typeof setupSchema>;

/** A request as it stands in a job: its parts are named by their SHA-256. */
const requestSchema = z.strictObject({ id: digest, label: z.string().max(1000), head: z.json(), parts });
export type StoredRequest = z.infer<typeof requestSchema>;

/** Requests that are answered one after the other by the same worker. */
const jobSchema = z.strictObject({ requests: z.array(requestSchema).min(1).max(256) });
export type StoredJob = z.infer<typeof jobSchema>;

/** What a finished job says beside its replies: the seconds that each request took, null for one that was answered before. */
const finishedSchema = z.strictObject({ seconds: z.array(seconds.nullable()).max(256) });

const errorCodes = [
  ...["usage", "config", "data", "model", "unsupported", "journal", "weights", "training"],
] as const satisfies readonly ErrorCode[];

export type Finished = z.infer<typeof finishedSchema>;

/** Why a job failed for good; the code is that of a `SeawallError`. */
const failureSchema = z.strictObject({
  worker: z.string().max(1000),
  code: z.enum(errorCodes).optional(),
  /** The server has lost a part of the request. */
  lost: z.literal(true).optional(),
  message: z.string().max(100_000),
});
export type Failure = z.infer<typeof failureSchema>;

const ownerSchema = z.strictObject({
  host: z.string().max(255),
  pid: z.int().min(0),
  token: z.string().max(100),
  setup: digest,
  /** Changes as long as the owner lives. */
  beat: count,
});
export type Owner = z.infer<typeof ownerSchema>;

/** What a worker says of itself. */
export const workerSchema = z.strictObject({
  host: z.string().max(255),
  pid: z.int().min(0),
  /** For how long it works: clocks of machines may differ. */
  seconds,
  /** The setup that it works for; absent while it waits for one or prepares it. */
  setup: digest.optional(),
  /** Requests that it answers side by side. */
  parallel: z.int().min(1).max(4096),
  /** Requests that it has answered. */
  answered: count,
  /** Whatever the requests count while they are answered. */
  passes: count,
  doing: z.array(z.strictObject({ label: z.string().max(1000), seconds })).max(4096),
});
export type WorkerReport = z.infer<typeof workerSchema>;

const reader =
  <T>(schema: z.ZodType<T>, what: string) =>
  (text: string): T =>
    parseJson(schema, text, what);

export const readSetup = reader(setupSchema, "the setup in the queue");
export const readOwner = reader(ownerSchema, "the owner of the queue");
const readWorker = reader(workerSchema, "the report of a worker");

/** @throws SeawallError `journal` for a job that is none of ours */
export const checkJob = (data: unknown) => checkJson(jobSchema, data, "a job in the queue");
export const checkFinished = (value: unknown) =>
  checkJson(finishedSchema, value, "a finished job in the queue");

/** A reason that is not ours, such as BullMQ's for a job whose workers all died, is the message. */
export function readFailure(text: string): Failure {
  try {
    return reader(failureSchema, "a failure")(text);
  } catch {
    return { worker: "", message: text };
  }
}

/** The reports of workers that live; of those that cannot be read, none. */
export function readWorkers(texts: Iterable<string | null>): WorkerReport[] {
  const found: WorkerReport[] = [];
  for (const text of texts) {
    try {
      if (text !== null) found.push(readWorker(text));
    } catch {
      // Another version's, or not a worker's.
    }
  }
  return found;
}
