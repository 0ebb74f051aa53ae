/** The page: what a person chooses goes to the worker, and what the worker reports is shown. */
import { plural, SeawallError } from "../src/base/index.js";
import { type ChosenImages, chosenModel, demoModel, type Files } from "./files.js";
import type { Facilities, Request, Said, Side } from "./messages.js";
import { Pane } from "./pane.js";
import { fromHash, type ModelChoice, offeredAttacks, type PageSettings, toHash } from "./settings.js";

const deviceNames = { cpu: "processor (WebAssembly)", webgpu: "graphics card (WebGPU)", cuda: "CUDA" };

const modelNames: Readonly<Record<ModelChoice, string>> = {
  none: "nothing",
  fragile: "fragile demo",
  robust: "robust demo",
  own: "your own .onnx",
};

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const form = element<HTMLFormElement>("controls");
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const resume = element<HTMLButtonElement>("resume");
const [eps, steps] = [element<HTMLInputElement>("eps"), element<HTMLInputElement>("steps")];
const kind = element<HTMLSelectElement>("attacks");
const device = element<HTMLSelectElement>("device");
const imageFiles = element<HTMLInputElement>("image-files");
const labelFiles = element<HTMLInputElement>("label-files");
const ignored = element<HTMLInputElement>("ignored");
const sides: readonly Side[] = ["left", "right"];
const choices = { left: element<HTMLSelectElement>("left"), right: element<HTMLSelectElement>("right") };
const modelFiles = {
  left: element<HTMLInputElement>("left-file"),
  right: element<HTMLInputElement>("right-file"),
};
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });

const host = { send: (request: Request) => worker.postMessage(request), changed: () => showButtons() };
const panes = { left: new Pane("left", host), right: new Pane("right", host) };
const all = Object.values(panes);

const order = () => ({ attacks: kind.value, eps: radius(), steps: Number(steps.value) });

/** While an attack goes on, only a stop is possible. */
function showButtons(): void {
  const has = (state: Pane["state"]) => all.some((pane) => pane.state === state);
  start.disabled = has("attacking") || has("opening") || !has("ready");
  stop.disabled = !has("attacking");
  // Other settings are another run.
  resume.disabled = start.disabled || !all.some((pane) => pane.canResume(order()));
  for (const pane of all) pane.showCommand(order());
}

function choiceOf(side: Side): ModelChoice {
  return choices[side].value as ModelChoice;
}

function chosenSettings(): PageSettings {
  return {
    left: choiceOf("left") as PageSettings["left"],
    right: choiceOf("right"),
    attacks: kind.value,
    eps: Number(eps.value),
    steps: Number(steps.value),
    ignored: ignored.value === "" ? undefined : Number(ignored.value),
  };
}

/** Puts settings into the fields. */
function choose(settings: PageSettings): void {
  choices.left.value = settings.left;
  choices.right.value = settings.right;
  kind.value = settings.attacks;
  eps.value = String(settings.eps);
  steps.value = String(settings.steps);
  ignored.value = settings.ignored === undefined ? "" : String(settings.ignored);
  showRadius();
}

const radius = () => `${eps.value}/255`;

function showRadius(): void {
  element("eps-text").textContent = radius();
  eps.setAttribute("aria-valuetext", radius());
}

/** Opens the chosen model of a side with the images; the choice of files shows what is wrong with them at once. */
function open(side: Side): void {
  const [pane, choice] = [panes[side], choiceOf(side)];
  const file = modelFiles[side].files?.[0];
  modelFiles[side].closest("label")!.hidden = choice !== "own";
  pane.element.hidden = choice === "none";
  if (choice === "none") pane.close();
  else if (choice !== "own") show(pane, modelNames[choice], (images) => demoModel(choice, images));
  else if (file) show(pane, file.name, (images) => chosenModel(file, images));
  else pane.wait("Your model", "Choose an .onnx file, or drop one.");
}

function show(pane: Pane, title: string, read: (images: ChosenImages) => Promise<Files>): void {
  const images = {
    images: [...(imageFiles.files ?? [])],
    labels: [...(labelFiles.files ?? [])],
  };
  void pane.open(title, () => read(images), {
    ignoreLabel: chosenSettings().ignored,
    device: device.value === "webgpu" ? "webgpu" : "cpu",
  });
}

function openAll(): void {
  for (const side of sides) open(side);
}

worker.addEventListener("message", ({ data: said }: MessageEvent<Said>) => {
  if (said.kind === "ready") ready(said);
  else panes[said.side].show(said.opening, said.report);
});
worker.addEventListener("error", ({ message }) => {
  for (const pane of all) pane.fail(new Error(message || "its worker did not start"));
});

function ready({ engine, threads, devices, memory }: Facilities): void {
  device.replaceChildren(...devices.map((name) => new Option(deviceNames[name], name)));
  element("device-choice").hidden = devices.length < 2;
  element("engine").textContent =
    `Engine: ${engine}, ${plural(threads, "thread")}. Models may take ${(memory / 2 ** 30).toFixed(0)} GiB of memory.`;
  openAll();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const pane of all) if (pane.state === "ready") pane.attack(order());
  element("panes").scrollIntoView({ block: "nearest" });
});

stop.addEventListener("click", () => {
  for (const pane of all) pane.stop();
});

resume.addEventListener("click", () => {
  for (const pane of all) if (pane.canResume(order())) pane.resume();
});

form.addEventListener("input", () => {
  showRadius();
  showButtons();
  history.replaceState(null, "", toHash(chosenSettings()) || location.pathname + location.search);
});

element("copy-link").addEventListener("click", async () => {
  await navigator.clipboard.writeText(location.href);
  element("copied").textContent = "Copied. The link holds the settings; it holds no file.";
});

addEventListener("hashchange", () => {
  choose(fromHash(location.hash));
  openAll();
});

element("clear").addEventListener("click", () => {
  for (const field of [imageFiles, labelFiles, ignored]) field.value = "";
  openAll();
});

choices.left.addEventListener("change", () => {
  if (choiceOf("left") === "own" && choiceOf("right") !== "own") choices.right.value = "none";
  openAll();
});
choices.right.addEventListener("change", () => open("right"));
for (const side of sides) modelFiles[side].addEventListener("change", () => open(side));
for (const field of [imageFiles, labelFiles, device]) field.addEventListener("change", openAll);
// Not when the field is left: a click on Start leaves it, and would find the models being opened.
ignored.addEventListener("input", openAll);

/** Dropped files go into the fields that a person would choose them with: one model to the left, two to both sides. */
function drop(files: readonly File[]): void {
  const named = (end: RegExp) => files.filter(({ name }) => end.test(name));
  const [models, images] = [named(/\.onnx$/i), named(/\.(png|jpe?g|webp)$/i)];
  const other = files.find((file) => !models.includes(file) && !images.includes(file));
  if (other) {
    const expected = "expected .onnx files, or PNG, JPEG or WebP images";
    panes.left.fail(new SeawallError("data", `${other.name}: ${expected}`));
    return;
  }
  if (images.length > 0) imageFiles.files = listOf(images);
  if (models.length > 0) choices.right.value = models.length > 1 ? "own" : "none";
  for (const [i, model] of models.slice(0, 2).entries()) {
    modelFiles[sides[i]!].files = listOf([model]);
    choices[sides[i]!].value = "own";
  }
  openAll();
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

for (const side of sides) {
  const offered = Object.entries(modelNames).filter(([name]) => side === "right" || name !== "none");
  choices[side].replaceChildren(...offered.map(([name, text]) => new Option(text, name)));
}
kind.replaceChildren(...Object.entries(offeredAttacks).map(([name, text]) => new Option(text, name)));
choose(fromHash(location.hash));
element("panes").replaceChildren(...all.map((pane) => pane.element));
for (const side of sides) panes[side].element.hidden = choiceOf(side) === "none";

// Browsers allow service workers on safe origins alone; without one, the page needs its server at each load.
navigator.serviceWorker?.register("offline.js").catch(() => undefined);
