/**
 * What a queue costs: workers that sleep in place of attacking, each a process of its own, and a Redis server of their own.
 *
 *     node bench/queue.mjs [--workers 1,2,4,8,16] [--seconds S] [--size CxHxW] [--images N]
 *
 * Everything else is that of a run: the loop of an evaluation, messages with whole images and points, BullMQ. Each worker
 * is asked for N images, clean and for one attack, of S seconds each. Efficiency is the share of the workers' time in which
 * they slept; overhead is the rest of it for each record.
 */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { missingRedis, startServer } from "../test/queue/server.mjs";

const workerProgram = fileURLToPath(new URL("queue-worker.mjs", import.meta.url));

async function main() {
  const { values } = parseArgs({
    options: {
      workers: { type: "string", default: "1,2,4,8,16" },
      seconds: { type: "string", default: "1" },
      size: { type: "string", default: "3x256x256" },
      images: { type: "string", default: "10" },
    },
  });
  if (missingRedis) throw new Error(missingRedis);
  const [channels, height, width] = values.size.split("x").map(Number);
  const seconds = Number(values.seconds);
  console.log(`${values.images} images for each worker, ${values.size}, ${seconds} s for each record`);
  const server = await startServer("--appendonly", "no");
  try {
    for (const workers of values.workers.split(",").map(Number)) {
      const images = workers * Number(values.images);
      const run = { workers, images, seconds, size: { channels, height, width } };
      const { wall, processor } = await timeRun(server.url(`stub-${workers}`), run);
      const records = 2 * images;
      const efficiency = (records * seconds) / (workers * wall);
      const overhead = 1000 * ((workers * wall) / records - seconds);
      console.log(
        `${String(workers).padStart(2)} workers: ${wall.toFixed(2)} s, efficiency ${efficiency.toFixed(3)}, ` +
          `overhead ${overhead.toFixed(1)} ms a record; the coordinator computes ${((1000 * processor) / records).toFixed(1)} ms a record`,
      );
    }
  } finally {
    await server.end();
  }
}

/** @returns seconds of the run, and of this process's processor in it */
async function timeRun(url, { workers, images, seconds, size }) {
  const { openQueue } = await import("../dist/queue/index.node.js");
  const { parseQueueAddress } = await import("../dist/queue/index.js");
  const { queueWorkers } = await import("../dist/evaluate/queue/queue-workers.node.js");
  const { evaluate } = await import("../dist/evaluate/index.js");
  const team = Array.from({ length: workers }, () =>
    spawn(process.execPath, [workerProgram, url], { stdio: ["ignore", "ignore", "inherit"] }),
  );
  const setup = { head: { seconds }, parts: {} };
  const client = await openQueue(parseQueueAddress(url), setup, { tell() {} });
  try {
    while (client.wanted < 2 * workers) await client.changed;
    const start = [performance.now(), process.cpuUsage()];
    await evaluate({
      data: makeData(images, size),
      journal: { has: () => false, async append() {}, records: async () => [] },
      workers: queueWorkers(client),
      attacks: ["apgd:ce"],
      radii: ["4/255"],
    });
    const { user, system } = process.cpuUsage(start[1]);
    return { wall: (performance.now() - start[0]) / 1000, processor: (user + system) / 1e6 };
  } finally {
    await client.close(true);
    for (const child of team) child.kill("SIGTERM");
  }
}

/** Images whose bytes differ, so that no two are sent as one. */
function makeData(images, { channels, height, width }) {
  const ids = Array.from({ length: images }, (_, i) => `image${i}`);
  const area = height * width;
  const first = Float32Array.from({ length: channels * area }, (_, i) => ((7 * i) % 256) / 255);
  const sampleAt = (index) => {
    const data = first.slice();
    data[0] = (index % 256) / 255;
    return {
      ...{ id: ids[index], index, hash: `hash${index}`, height, width },
      image: { type: "float32", dims: [channels, height, width], data },
      stored: { type: "uint8", bands: channels, range: [0, 255] },
      labels: new Int32Array(area),
    };
  };
  return {
    ids,
    async *samples(positions) {
      for (const index of positions) yield sampleAt(index);
    },
  };
}

await main();
