/** Names of what a queue keeps on its server. All begin with `seawall:NAME:`. */

export function queueKeys(name: string) {
  const prefix = `seawall:${name}`;
  return {
    /** BullMQ's prefix; its queue of a setup is named after the setup. */
    prefix,
    /** Who hands out work at present; expires when that process is silent. */
    owner: `${prefix}:owner`,
    /** What all requests have in common. */
    setup: `${prefix}:setup`,
    /** Ids of all workers. */
    workers: `${prefix}:workers`,
    /** What a worker says of itself; expires when it is silent. */
    worker: (id: string) => `${prefix}:worker:${id}`,
    /** Bytes, by their SHA-256. */
    part: (sha256: string) => `${prefix}:part:${sha256}`,
    /** The reply to a request. */
    reply: (id: string) => `${prefix}:reply:${id}`,
  };
}

export type QueueKeys = ReturnType<typeof queueKeys>;

/** BullMQ's name for the queue of a setup: jobs of another one are never taken by mistake. */
export const jobQueueOf = (setup: string) => `jobs-${setup.slice(0, 16)}`;

/** Seconds for which bytes are kept that nobody asks for any more, such as those of a run that is never resumed. */
export const keptSeconds = 7 * 24 * 3600;
