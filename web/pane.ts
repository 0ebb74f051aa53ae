/** One model on the page: what is known of it, and what is shown. */
import {
  formatCount,
  formatDuration,
  formatShare,
  messageOf,
  plural,
  SeawallError,
} from "../src/base/index.js";
import { evalCommand } from "../src/cli/output/eval-command.js";
import type { RunRecord, Soundness } from "../src/journal/index.js";
import { classLegend, markup } from "../src/report/index.js";
import type { Files } from "./files.js";
import type {
  AttackOrder,
  LiveProgress,
  LiveTrace,
  Opening,
  Report,
  Request,
  RunOutcome,
  Side,
} from "./messages.js";
import { PictureBoard } from "./pictures.js";
import { dataSpecOf } from "./places.js";

/** `closed`: no model is opened, or it cannot be; `waiting`: a file is missing. */
export type PaneState = "closed" | "waiting" | "opening" | "ready" | "attacking";

/** What a pane needs of the page. */
export interface PaneHost {
  send(request: Request): void;
  changed(): void;
}

type Order = Omit<AttackOrder, "side">;
type ReportOf<K extends Report["kind"]> = Extract<Report, { kind: K }>;

/** The part of the page that shows one model. It is made from the page's template. */
export class Pane {
  readonly element: HTMLElement;
  readonly side: Side;
  readonly #host: PaneHost;
  readonly #board: PictureBoard;
  #state: PaneState = "closed";
  /** The number of the last opening; what is reported on earlier ones comes too late. */
  #opening = 0;
  #clean: readonly RunRecord[] = [];
  #attacked: RunRecord[] = [];
  #isSelf = true;
  #files: (Files & Pick<Opening, "ignoreLabel" | "device">) | undefined;
  #order: Order | undefined;
  #run: RunOutcome | undefined;

  constructor(side: Side, host: PaneHost) {
    this.side = side;
    this.#host = host;
    const template = document.querySelector<HTMLTemplateElement>("#pane")!;
    this.element = template.content.cloneNode(true).firstChild!.nextSibling as HTMLElement;
    this.element.dataset.side = side;
    const title = this.#part("title");
    title.id = `title-${side}`;
    this.element.setAttribute("aria-labelledby", title.id);
    // A table that is wider than its place is scrolled by keys too.
    const outcome = this.#part("outcome");
    outcome.tabIndex = 0;
    outcome.ariaLabel = `Outcome, ${side}`;
    this.#board = new PictureBoard(this.#part("pictures"));
    this.#part("save").addEventListener("click", () => void this.#save());
    this.#part("copy").addEventListener("click", async () => {
      await navigator.clipboard.writeText(this.#part("command").textContent);
      this.#say("The command is copied.");
    });
  }

  get state(): PaneState {
    return this.#state;
  }

  /** Opens a model; `read` fetches its files, which takes a while in which a person may choose others. */
  async open(title: string, read: () => Promise<Files>, settings: Pick<Opening, "ignoreLabel" | "device">) {
    const opening = this.#began(title, "opening", "Opening the model …");
    try {
      const files = await read();
      if (opening !== this.#opening) return;
      this.#files = { ...files, ...settings };
      this.#host.send({ kind: "open", side: this.side, opening, ...this.#files });
    } catch (error) {
      if (opening === this.#opening) this.fail(error);
    }
  }

  /** Shows no model until a person has done what `sentence` asks for. */
  wait(title: string, sentence: string): void {
    this.#began(title, "waiting", sentence);
    this.#clear();
    this.#host.send({ kind: "close", side: this.side });
  }

  /** Forgets the model. */
  close(): void {
    this.#began("", "closed", "");
    this.#clear();
    this.#host.send({ kind: "close", side: this.side });
  }

  attack(order: Order): void {
    this.#part("problem").textContent = "";
    this.#attacked = [];
    this.#order = order;
    this.#forgetRun();
    this.#showOutcome();
    this.#board.magnified(order.eps);
    this.#become("attacking", "Preparing the attack …");
    this.#host.send({ kind: "attack", side: this.side, ...order });
  }

  /** Whether an attack of this order was stopped before its end. */
  canResume(order: Order): boolean {
    const isSame = JSON.stringify(order) === JSON.stringify(this.#order);
    return this.#state === "ready" && isSame && this.#run?.isComplete === false;
  }

  /** Attacks what a stopped attack has left. */
  resume(): void {
    this.#forgetRun();
    this.#become("attacking", "Preparing the attack …");
    this.#host.send({ kind: "resume", side: this.side });
  }

  /** Shows the command line that does what this order does here. */
  showCommand(order: Order): void {
    const files = this.#files;
    if (!files) return;
    const { places, ignoreLabel, labels, device } = files;
    this.#part("command").textContent = evalCommand({
      model: places.model,
      data: dataSpecOf(places, labels.length > 0),
      ...(labels.length === 0 && { labels: "self" as const }),
      ...(places.classes && { classes: places.classes }),
      ...{ ignoreLabel, ...order },
      ...(device !== "cpu" && { device }),
      out: "run",
    });
  }

  stop(): void {
    if (this.#state !== "attacking") return;
    this.#host.send({ kind: "stop", side: this.side });
    this.#say("Stopping …");
  }

  /** Shows what is wrong. */
  fail(error: unknown): void {
    this.#part("problem").textContent =
      error instanceof SeawallError ? error.message : `The page failed (${messageOf(error)}).`;
    this.#become(this.#clean.length > 0 ? "ready" : "closed", "Nothing runs.");
  }

  /** Shows a report of the worker, unless it is on an earlier opening. */
  show(opening: number, report: Report): void {
    if (opening !== this.#opening) return;
    if (report.kind === "opened") this.#opened(report);
    else if (report.kind === "live") this.#live(report);
    else if (report.kind === "attacked") this.#add(report);
    else if (report.kind === "checking") this.#say("Checking whether the figures can be believed …");
    else if (report.kind === "finished") this.#finished(report);
    else if (report.kind === "saved") this.#saved(report);
    else this.fail(new SeawallError("data", report.message));
  }

  #part<T extends HTMLElement>(name: string): T {
    return this.element.querySelector<T>(`[data-part="${name}"]`)!;
  }

  #say(sentence: string): void {
    this.#part("status").textContent = sentence;
  }

  #become(state: PaneState, sentence: string): void {
    this.#state = state;
    this.#say(sentence);
    this.#host.changed();
  }

  #began(title: string, state: PaneState, sentence: string): number {
    this.#clean = [];
    this.#files = undefined;
    this.#order = undefined;
    this.#forgetRun();
    this.#part("title").textContent = title;
    this.#part("problem").textContent = "";
    this.#become(state, sentence);
    return ++this.#opening;
  }

  /** Empties the pane for another model. */
  #clear(): void {
    this.#attacked = [];
    this.#board.clear();
    for (const name of ["problem", "curves", "outcome", "legend", "notices", "rate", "share"])
      this.#part(name).replaceChildren();
    this.#part<HTMLProgressElement>("progress").value = 0;
  }

  #opened({ clean, self, pictures, notices, classes, images }: ReportOf<"opened">): void {
    this.#clear();
    this.#clean = clean;
    this.#isSelf = self;
    this.#board.show(pictures);
    this.#part("notices").replaceChildren(...notices.map(item));
    const names = this.#files?.classNames ?? [];
    this.#part("legend").innerHTML = classLegend([...Array(classes).keys()], classes, names).text;
    this.#showOutcome();
    this.#showShare(shareOf(clean));
    this.#become(
      "ready",
      `${plural(images.length, "image")}, ${plural(classes, "class")}. ${this.#referenceText()}`,
    );
  }

  #live({ progress, trace, pictures }: ReportOf<"live">): void {
    this.#board.show(pictures);
    this.#showProgress(progress);
    void this.#showCurves(trace);
    const { correct } = trace.passes;
    if (correct.length > 0) this.#showShare(correct.at(-1)! / Math.max(1, trace.valid));
  }

  #add({ record, pictures }: ReportOf<"attacked">): void {
    this.#attacked.push(record);
    this.#board.show(pictures);
    this.#showOutcome();
  }

  #finished({ stopped, seconds, run }: ReportOf<"finished">): void {
    this.#run = run;
    if (!stopped) this.#part<HTMLProgressElement>("progress").value = 1;
    const worst = shareOf(worstOf(this.#attacked));
    this.#showShare(worst ?? shareOf(this.#clean));
    const sentence = stopped
      ? `Stopped after ${formatDuration(seconds)}. What was found so far stays.`
      : `Done in ${formatDuration(seconds)}.`;
    this.#part<HTMLButtonElement>("save").disabled = false;
    if (run.isComplete) void this.#showChecks(run.result?.soundness ?? []);
    this.#become("ready", sentence);
  }

  async #showChecks(outcomes: readonly Soundness[]): Promise<void> {
    const { soundnessList } = await import("./curves.js");
    this.#part("checks").innerHTML = soundnessList(outcomes).text;
  }

  #forgetRun(): void {
    this.#run = undefined;
    this.#part<HTMLButtonElement>("save").disabled = true;
    this.#part("checks").textContent = "The checks are made at the end of an attack.";
  }

  /** The report is a large part of the page's script, and few need it. */
  async #save(): Promise<void> {
    if (!this.#run) return;
    const { reportOf } = await import("./report.js");
    this.#host.send({ kind: "save", side: this.side, report: reportOf(this.#run) });
  }

  #saved({ zip }: ReportOf<"saved">): void {
    const address = URL.createObjectURL(new Blob([zip], { type: "application/zip" }));
    const link = document.createElement("a");
    link.href = address;
    link.download = `${this.#files?.model.name.replace(/\.onnx$/i, "") ?? "seawall"}-run.zip`;
    link.click();
    // Some browsers begin to read only after the click.
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
    this.#say(`Saved as ${link.download}. ${this.#leftText()}`.trim());
  }

  #leftText(): string {
    const left = this.#run?.left ?? 0;
    return left > 0 ? `${plural(left, "perturbed image")} had no room in memory and are not in it.` : "";
  }

  #referenceText(): string {
    const right = shareOf(this.#clean);
    return this.#isSelf || right === undefined
      ? "There are no labels: the model's own prediction counts as right."
      : `${formatShare(right)} of the labelled pixels are right before the attack.`;
  }

  #showShare(share: number | undefined): void {
    this.#part("share").innerHTML =
      share === undefined
        ? ""
        : markup`<span class="value">${formatShare(share)}</span> of the pixels ${this.#attacked.length > 0 ? "are still right" : "are right"}`
            .text;
  }

  #showProgress({ image, attack, done, total, passesPerSecond, secondsLeft }: LiveProgress): void {
    this.#part<HTMLProgressElement>("progress").value = done / Math.max(1, total);
    this.#say(`${attack} attacks ${image}.`);
    this.#part("rate").textContent = [
      `pass ${formatCount(done)} of ${formatCount(total)}`,
      `${passesPerSecond.toFixed(1)} passes per second`,
      `${formatDuration(secondsLeft)} left`,
    ].join(" · ");
  }

  /** Charts are a large part of the page's script, and nobody sees one before an attack. */
  async #showCurves(trace: LiveTrace): Promise<void> {
    const { traceCurves } = await import("./curves.js");
    if (trace.passes.step.length > 0) this.#part("curves").innerHTML = traceCurves(trace).join("");
  }

  /** A row for each attack on each image, with counts that other programs can be compared with. */
  #showOutcome(): void {
    const rows = [...this.#clean, ...this.#attacked].map(
      ({ image, attack, eps, correct, valid, step }) =>
        markup`<tr><td>${image}</td><td>${attack === "clean" ? "none" : `${attack}, ε = ${eps}`}</td><td class="number">${formatCount(correct)}</td><td class="number">${formatCount(valid)}</td><td class="number">${valid > 0 ? formatShare(correct / valid) : "–"}</td><td class="number">${step}</td></tr>`,
    );
    this.#part("outcome").innerHTML =
      markup`<table><thead><tr><th>image</th><th>attack</th><th class="number">right pixels</th><th class="number">of</th><th class="number">share</th><th class="number">at step</th></tr></thead><tbody>${rows}</tbody></table>`.text;
  }
}

/** Right pixels, of those that count. */
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

function item(text: string): HTMLLIElement {
  const line = document.createElement("li");
  line.textContent = text;
  return line;
}
