/** Adam's moments of an attack's gradients (Kingma, Ba, ICLR 2015). */

const [firstDecay, secondDecay] = [0.9, 0.999];

/** Keeps the scale above zero. */
const smallestScale = 1e-8;

export class Adam {
  /** m̂: the running mean of the gradient, its bias towards zero corrected. */
  readonly mean: Float32Array;
  /** √v̂ + 1e-8: the root of the running mean of the squared gradient, its bias corrected. */
  readonly scale: Float32Array;
  readonly #first: Float32Array;
  readonly #second: Float32Array;
  readonly #largest: Float32Array | undefined;
  #steps = 0;

  /**
   * @param amsgrad whether the scale is made of the largest second moment so far, so that steps never grow again
   * (Reddi, Kale, Kumar, ICLR 2018); the correction of its bias is that of PyTorch
   */
  constructor(length: number, { amsgrad = false }: { readonly amsgrad?: boolean } = {}) {
    const zeros = () => new Float32Array(length);
    this.mean = zeros();
    this.scale = zeros();
    this.#first = zeros();
    this.#second = zeros();
    this.#largest = amsgrad ? zeros() : undefined;
  }

  /** Takes the next gradient into `mean` and `scale`. */
  observe(gradient: Float32Array): void {
    this.#steps++;
    const firstBias = 1 - firstDecay ** this.#steps;
    const secondBias = 1 - secondDecay ** this.#steps;
    const [first, second, largest] = [this.#first, this.#second, this.#largest];
    // A loop: the engine would make new tensors of all of them.
    for (let i = 0; i < gradient.length; i++) {
      const g = gradient[i]!;
      first[i] = firstDecay * first[i]! + (1 - firstDecay) * g;
      second[i] = secondDecay * second[i]! + (1 - secondDecay) * g * g;
      if (largest) largest[i] = Math.max(largest[i]!, second[i]!);
      this.mean[i] = first[i]! / firstBias;
      this.scale[i] = Math.sqrt((largest ?? second)[i]! / secondBias) + smallestScale;
    }
  }
}
