/** The pictures of the page, each a canvas with its name below. */
import { parseRadius } from "../src/base/index.js";
import { perturbationName } from "../src/report/index.js";
import type { Picture, Pictures } from "./messages.js";

type Place = keyof Pictures;

const names: Readonly<Record<Place, string>> = {
  image: "image, as the model gets it",
  label: "label",
  prediction: "prediction on the clean image",
  attacked: "prediction under attack",
  perturbation: "perturbation",
};

/** The places that are there from the start; a place for labels comes with labels. */
const always: readonly Place[] = ["image", "perturbation", "prediction", "attacked"];

/** Canvases, found and made by their places. */
export class PictureBoard {
  readonly #element: HTMLElement;

  constructor(element: HTMLElement) {
    this.#element = element;
    this.clear();
  }

  /** Empties all places. */
  clear(): void {
    this.#element.replaceChildren(...always.map(newFigure));
  }

  /** Shows pictures; places that are not named keep theirs. */
  show(pictures: Pictures): void {
    for (const [place, picture] of Object.entries(pictures)) this.#draw(place as Place, picture);
  }

  /** Names the perturbation by its magnification. */
  magnified(eps: string): void {
    const { value } = parseRadius(eps);
    this.#figure("perturbation").querySelector("figcaption")!.textContent = perturbationName(value);
  }

  #figure(place: Place): HTMLElement {
    const known = this.#element.querySelector<HTMLElement>(`[data-place="${place}"]`);
    if (known) return known;
    const figure = newFigure(place);
    this.#element.append(figure);
    return figure;
  }

  #draw(place: Place, { width, height, bytes }: Picture): void {
    const canvas = this.#figure(place).querySelector("canvas")!;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      canvas.style.aspectRatio = `${width} / ${height}`;
    }
    const pixels = new ImageData(width, height);
    for (let i = 0; i < width * height; i++) {
      for (let channel = 0; channel < 3; channel++) pixels.data[4 * i + channel] = bytes[3 * i + channel]!;
      pixels.data[4 * i + 3] = 255;
    }
    canvas.getContext("2d")!.putImageData(pixels, 0, 0);
  }
}

function newFigure(place: Place): HTMLElement {
  const figure = document.createElement("figure");
  figure.dataset.place = place;
  const canvas = document.createElement("canvas");
  canvas.className = "pixels";
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", names[place]);
  const caption = document.createElement("figcaption");
  caption.textContent = names[place];
  figure.append(canvas, caption);
  return figure;
}
