/** The page: what a person chooses goes to the worker, and what the worker reports is shown. */
import {
  formatCount,
  formatDuration,
  formatShare,
  messageOf,
  plural,
  SeawallError,
} from "../src/base/index.js";
import type { RunRecord } from "../src/journal/index.js";
import { classLegend, markup, traceCurves } from "../src/report/index.js";
import { type Chosen, chosenFiles, demoClasses, demoFiles } from "./files.js";
import type { Facilities, LiveProgress, LiveTrace, Report, Request, Said } from "./messages.js";
import { PictureBoard } from "./pictures.js";

/** Attacks offered, by the names of `seawall eval --attacks`. */
const attacks: Readonly<Record<string, string>> = {
  "apgd:mask-ce": "APGD on the pixels that are still right",
  "sea-2023": "SEA: four attacks, the published ensemble",
  "surge-fast": "Surge, fast: two attacks, one after the other",
  "apgd:ce": "APGD on the plain loss",
  cospgd: "CosPGD",
  segpgd: "SegPGD",
  "pgd:ce": "PGD",
  square: "Square: no gradient is used",
  noise: "noise, for comparison",
};

const deviceNames = { cpu: "processor (WebAssembly)", webgpu: "graphics card (WebGPU)", cuda: "CUDA" };

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const form = element<HTMLFormElement>("controls");
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const [eps, steps] = [element<HTMLInputElement>("eps"), element<HTMLInputElement>("steps")];
const kind = element<HTMLSelectElement>("attacks");
const device = element<HTMLSelectElement>("device");
const modelFile = element<HTMLInputElement>("model-file");
const imageFiles = element<HTMLInputElement>("image-files");
const labelFiles = element<HTMLInputElement>("label-files");
const ignoreLabel = element<HTMLInputElement>("ignore-label");
const board = new PictureBoard(element("pictures"));
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

/** What is known of the run that is shown. */
let clean: readonly RunRecord[] = [];
let attacked: RunRecord[] = [];
let classNames: readonly string[] = [];
let self = true;
/** The number of the last opening; what is reported on earlier ones comes too late. */
let opening = 0;

const send = (request: Request) => worker.postMessage(request);
const radius = () => `${eps.value}/255`;

function say(sentence: string): void {
  element("status").textContent = sentence;
}

function fail(error: unknown): void {
  element("problem").textContent =
    error instanceof SeawallError ? error.message : `The page failed (${messageOf(error)}).`;
  say("Nothing runs.");
  running(false);
}

/** While an attack goes on, only a stop is possible. */
function running(isRunning: boolean, isOpen = clean.length > 0): void {
  start.disabled = isRunning || !isOpen;
  stop.disabled = !isRunning;
  for (const field of form.querySelectorAll("fieldset")) field.toggleAttribute("data-busy", isRunning);
}

/** Opens the chosen model with its images; the choice of files shows what is wrong with them at once. */
async function open(): Promise<void> {
  const choice = new FormData(form).get("model") as "fragile" | "robust" | "own";
  element("own").hidden = choice !== "own";
  const own = ++opening;
  clean = [];
  running(false);
  if (choice === "own" && !modelFile.files?.length) {
    clear();
    say("Choose an .onnx file, or drop one.");
    return;
  }
  element("problem").textContent = "";
  say("Opening the model …");
  try {
    classNames = choice === "own" ? [] : await demoClasses();
    const files = choice === "own" ? await chosenFiles(chosen()) : await demoFiles(choice);
    // Reading files takes a while, in which a person may choose others.
    if (own !== opening) return;
    send({
      kind: "open",
      opening,
      ...files,
      ignoreLabel: ignoreLabel.value === "" ? undefined : Number(ignoreLabel.value),
      device: device.value === "webgpu" ? "webgpu" : "cpu",
    });
  } catch (error) {
    if (own === opening) fail(error);
  }
}

/** Empties the page for another model. */
function clear(): void {
  attacked = [];
  board.clear();
  element("problem").textContent = "";
  for (const id of ["curves", "outcome", "legend", "notices", "rate"]) element(id).replaceChildren();
  element<HTMLProgressElement>("progress").value = 0;
}

function chosen(): Chosen {
  return {
    model: modelFile.files?.[0],
    images: [...(imageFiles.files ?? [])],
    labels: [...(labelFiles.files ?? [])],
  };
}

worker.addEventListener("message", ({ data: said }: MessageEvent<Said>) => {
  if (said.kind === "ready") ready(said);
  else if (said.opening === opening) reports[said.report.kind](said.report as never);
});
worker.addEventListener("error", ({ message }) => fail(new Error(message || "its worker did not start")));

function ready({ engine, threads, devices, memory }: Facilities): void {
  device.replaceChildren(...devices.map((name) => new Option(deviceNames[name], name)));
  element("device-choice").hidden = devices.length < 2;
  element("engine").textContent =
    `Engine: ${engine}, ${plural(threads, "thread")}. A model may take ${(memory / 2 ** 30).toFixed(0)} GiB of memory.`;
  void open();
}

const reports: { readonly [K in Report["kind"]]: (report: Extract<Report, { kind: K }>) => void } = {
  opened(report) {
    ({ clean, self } = report);
    clear();
    board.show(report.pictures);
    element("notices").replaceChildren(...report.notices.map((notice) => item(notice)));
    const labels = [...Array(report.classes).keys()];
    element("legend").innerHTML = classLegend(labels, report.classes, classNames).text;
    showOutcome();
    running(false);
    say(`${plural(report.images.length, "image")}, ${plural(report.classes, "class")}. ${readyText()}`);
  },

  live({ progress, trace, pictures }) {
    board.show(pictures);
    showProgress(progress);
    showCurves(trace);
  },

  attacked({ record, pictures }) {
    attacked.push(record);
    board.show(pictures);
    showOutcome();
  },

  finished({ stopped, seconds }) {
    running(false);
    if (!stopped) element<HTMLProgressElement>("progress").value = 1;
    say(
      stopped
        ? `Stopped after ${formatDuration(seconds)}. What was found so far stays.`
        : `Done in ${formatDuration(seconds)}. ${worstText()}`,
    );
  },

  failed({ message }) {
    fail(new SeawallError("data", message));
  },
};

function readyText(): string {
  const right = shareOf(clean);
  return self || right === undefined
    ? "There are no labels: the model's own prediction counts as right."
    : `${formatShare(right)} of the labelled pixels are right before the attack.`;
}

function worstText(): string {
  const right = shareOf(worstOf(attacked));
  return right === undefined ? "" : `${formatShare(right)} of the pixels are still right.`;
}

/** Pixels that are right, of those that count. */
function shareOf(records: readonly RunRecord[]): number | undefined {
  const [right, all] = records.reduce(
    ([right, all], { correct, valid }) => [right + correct, all + valid],
    [0, 0],
  );
  return all > 0 ? right / all : undefined;
}

/** The record of each image with the fewest right pixels. */
function worstOf(records: readonly RunRecord[]): RunRecord[] {
  const worst = new Map<string, RunRecord>();
  for (const record of records) {
    if (record.correct < (worst.get(record.image)?.correct ?? Number.POSITIVE_INFINITY)) {
      worst.set(record.image, record);
    }
  }
  return [...worst.values()];
}

function showProgress({ image, attack, done, total, passesPerSecond, secondsLeft }: LiveProgress): void {
  element<HTMLProgressElement>("progress").value = done / Math.max(1, total);
  say(`${attack} attacks ${image}.`);
  element("rate").textContent = [
    `pass ${formatCount(done)} of ${formatCount(total)}`,
    `${passesPerSecond.toFixed(1)} passes per second`,
    `${formatDuration(secondsLeft)} left`,
  ].join(" · ");
}

function showCurves(trace: LiveTrace): void {
  if (trace.passes.step.length > 0) element("curves").innerHTML = traceCurves(trace).join("");
}

/** A row for each attack on each image, with counts that other programs can be compared with. */
function showOutcome(): void {
  const rows = [...clean, ...attacked].map(
    ({ image, attack, eps, correct, valid, step }) =>
      markup`<tr><td>${image}</td><td>${attack === "clean" ? "none" : `${attack}, ε = ${eps}`}</td><td class="number">${formatCount(correct)}</td><td class="number">${formatCount(valid)}</td><td class="number">${valid > 0 ? formatShare(correct / valid) : "–"}</td><td class="number">${step}</td></tr>`,
  );
  element("outcome").innerHTML =
    markup`<table><thead><tr><th>image</th><th>attack</th><th class="number">right pixels</th><th class="number">of</th><th class="number">share</th><th class="number">found at step</th></tr></thead><tbody>${rows}</tbody></table>`.text;
}

function item(text: string): HTMLLIElement {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  element("problem").textContent = "";
  attacked = [];
  showOutcome();
  board.magnified(radius());
  running(true);
  say("Preparing the attack …");
  element("status").scrollIntoView({ block: "nearest" });
  send({ kind: "attack", attacks: kind.value, eps: radius(), steps: Number(steps.value) });
});

stop.addEventListener("click", () => {
  send({ kind: "stop" });
  say("Stopping …");
});

eps.addEventListener("input", () => {
  element("eps-text").textContent = radius();
  eps.setAttribute("aria-valuetext", radius());
});

for (const radio of form.querySelectorAll('[name="model"]'))
  radio.addEventListener("change", () => void open());
for (const field of [modelFile, imageFiles, labelFiles, ignoreLabel, device]) {
  field.addEventListener("change", () => void open());
}

/** Dropped files go into the fields that a person would choose them with. */
function drop(files: readonly File[]): void {
  const named = (end: RegExp) => files.filter(({ name }) => end.test(name));
  const [models, images] = [named(/\.onnx$/i), named(/\.(png|jpe?g|webp)$/i)];
  const other = files.find((file) => !models.includes(file) && !images.includes(file));
  if (other) {
    fail(new SeawallError("data", `${other.name}: expected an .onnx file, or PNG, JPEG or WebP images`));
    return;
  }
  if (models.length > 0) modelFile.files = listOf(models.slice(0, 1));
  if (images.length > 0) imageFiles.files = listOf(images);
  if (models.length > 0) form.querySelector<HTMLInputElement>('[value="own"]')!.checked = true;
  void open();
}

function listOf(files: readonly File[]): FileList {
  const transfer = new DataTransfer();
  for (const file of files) transfer.items.add(file);
  return transfer.files;
}

/** A file field takes what is dropped on it by itself. */
const isField = ({ target }: Event) => target instanceof HTMLInputElement && target.type === "file";

addEventListener("dragover", (event) => {
  if (isField(event)) return;
  event.preventDefault();
  document.body.classList.add("dropping");
});
addEventListener("dragleave", () => document.body.classList.remove("dropping"));
addEventListener("drop", (event) => {
  document.body.classList.remove("dropping");
  if (isField(event)) return;
  event.preventDefault();
  const files = [...(event.dataTransfer?.files ?? [])];
  if (files.length > 0) drop(files);
});

kind.replaceChildren(...Object.entries(attacks).map(([name, text]) => new Option(text, name)));
element("own").hidden = true;
