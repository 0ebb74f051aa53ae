/** What a run would cost in time and memory: its first passes, made and timed. */
import { totalmem } from "node:os";
import { formatCount, formatDuration, plural } from "../../base/index.js";
import { parseConfig } from "../plan/config.js";
import { makePlan, type Plan } from "../plan/plan.node.js";
import { planEvaluation } from "../run.node.js";
import type { ImageWorker } from "../workers/image-worker.js";
import { openImageWorkers } from "../workers/image-workers.node.js";
import { type Finding, Findings, type Settings } from "./finding.js";
import { gigabytes } from "./machine.node.js";

/** Enough for every kind of pass that an attack makes. */
const calibrationSteps = 3;
/** Rounds are timed until so many seconds have passed. */
const calibrationSeconds = 2;

/** Above this share of the machine's memory, other programs or a larger image may be too much. */
const memoryShare = 0.8;

/** Plans the run that `eval` would make of these settings, and lets its workers make a few passes. */
export async function examineCost(settings: Settings): Promise<Finding[]> {
  const findings = new Findings("run");
  if (settings.eps === undefined) {
    findings.add("skip", "time", "no run is planned; --eps, --attacks and --steps say which to estimate");
    return findings.list;
  }
  const { out: _, resume: __, gate: ___, ...run } = settings;
  await findings.attempt("time", async () => {
    const config = parseConfig(run);
    const { passes, images, attacks } = await planEvaluation(config);
    const { rate, workers, attack } = await calibrate(await makePlan({ ...config, steps: calibrationSteps }));
    findings.add(
      "pass",
      "time",
      `about ${formatDuration(passes / rate)} for ${plural(images, "image")} and ${plural(attacks.length, "attack")}: at most ` +
        `${formatCount(passes)} passes at ${rate.toPrecision(3)}/s, ${plural(workers, "image")} at a time (timed on ${attack})`,
    );
    addMemory(findings);
  });
  return findings.list;
}

/** Passes per second of all workers together. */
async function calibrate(plan: Plan): Promise<{ rate: number; workers: number; attack: string }> {
  let passes = 0;
  const workers = await openImageWorkers(plan, { onPass: () => passes++ });
  const [{ attack }, radius] = [plan.attacks[0]!, plan.radii.at(-1)!];
  const round = () =>
    Promise.all(
      workers.map((worker: ImageWorker) =>
        worker.attack(plan.probe, { attack: attack.name, eps: radius.text }),
      ),
    );
  try {
    await round(); // opens the model and loads the sessions
    passes = 0;
    const start = performance.now();
    const seconds = () => (performance.now() - start) / 1000;
    while (seconds() < calibrationSeconds) await round();
    return { rate: passes / seconds(), workers: workers.length, attack: attack.name };
  } finally {
    await Promise.all(workers.map((worker) => worker.dispose()));
  }
}

/** The most that this process ever held: the workers, which live in it, and what was examined before. */
function addMemory(findings: Findings): void {
  const height = 1024 * process.resourceUsage().maxRSS;
  const enough = height < memoryShare * totalmem();
  const remedy = enough ? "" : "; --parallel 1 takes less";
  findings.add(
    enough ? "pass" : "warn",
    "memory",
    `${gigabytes(height)} at the height of these passes, of ${gigabytes(totalmem())}${remedy}`,
  );
}
