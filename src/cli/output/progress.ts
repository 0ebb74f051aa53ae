/** Progress on stderr: a bar on a terminal, and otherwise a plain line at growing intervals. */
import cliProgress, { type Options, type Params } from "cli-progress";
import type { ProgressEvent } from "../../evaluate/index.js";
import { formatCount, formatDuration } from "../../report/index.js";
import { Rate } from "./rate.js";
import { live, say } from "./terminal.js";

/** Progress of some work. */
interface Progress {
  readonly done: number;
  readonly total: number;
}

/** Formats an event; the rate is the rate of `done`. */
type Describe<E extends Progress> = (event: E, rate: Rate) => string;

/** Shows progress; `say` prints a line without breaking the bar. */
export interface ProgressView<E extends Progress = ProgressEvent> {
  update(event: E): void;
  say(...lines: string[]): void;
  end(): void;
}

export function progressView(): ProgressView {
  return progressOf(progressText);
}

/** A progress view for events of any kind. */
export function progressOf<E extends Progress>(describe: Describe<E>): ProgressView<E> {
  return live ? new Bar(describe) : new Lines(describe);
}

/** `apgd:mask-ce at 4/255 · 38 % · 1,204 of 3,030 passes · 12.4/s · 2 min 5 s left` */
export function progressText(event: ProgressEvent, rate: Rate): string {
  const { done, total, attack, eps } = event;
  const [perSecond, left] = [rate.perSecond, rate.left(total)];
  return [
    attack === "clean" ? attack : `${attack} at ${eps}`,
    `${Math.floor((100 * done) / Math.max(total, 1))} %`,
    `${formatCount(done)} of ${formatCount(total)} passes`,
    ...(perSecond === undefined ? [] : [`${perSecond.toPrecision(3)}/s`]),
    ...(left === undefined ? [] : [`${formatDuration(left)} left`]),
  ].join(" · ");
}

const now = () => performance.now() / 1000;

class Bar<E extends Progress> implements ProgressView<E> {
  readonly #describe: Describe<E>;
  readonly #rate = new Rate();
  readonly #bar: cliProgress.SingleBar;
  #last: E | undefined;
  #drawn = false;

  constructor(describe: Describe<E>) {
    this.#describe = describe;
    this.#bar = new cliProgress.SingleBar({
      stream: process.stderr,
      fps: 5,
      barsize: 20,
      barCompleteChar: "█",
      barIncompleteChar: "░",
      clearOnComplete: true,
      hideCursor: true,
      linewrap: false,
      gracefulExit: false,
      format: (options: Options, params: Params) => this.#draw(options, params),
    });
  }

  update(event: E): void {
    this.#rate.observe(event.done, now());
    this.#last = event;
    if (this.#drawn) this.#bar.update(event.done);
    else this.#start();
  }

  say(...lines: string[]): void {
    this.end();
    say(...lines);
    if (this.#last) this.#start();
  }

  end(): void {
    if (this.#drawn) this.#bar.stop();
    this.#drawn = false;
  }

  #start(): void {
    this.#bar.start(this.#last!.total, this.#last!.done);
    this.#drawn = true;
  }

  #draw(options: Options, params: Params): string {
    const text = this.#last ? this.#describe(this.#last, this.#rate) : "";
    return `${cliProgress.Format.BarFormat(params.progress, options)} ${text}`;
  }
}

/** The first line comes soon, so that a log shows activity; later lines are rare, so that the log stays readable. */
const firstLine = 5;
const betweenLines = 30;

class Lines<E extends Progress> implements ProgressView<E> {
  readonly #describe: Describe<E>;
  readonly #rate = new Rate();
  #next: number | undefined;

  constructor(describe: Describe<E>) {
    this.#describe = describe;
  }

  update(event: E): void {
    this.#rate.observe(event.done, now());
    this.#next ??= now() + firstLine;
    if (now() < this.#next) return;
    this.#next = now() + betweenLines;
    say(this.#describe(event, this.#rate));
  }

  say(...lines: string[]): void {
    say(...lines);
  }

  end(): void {}
}
