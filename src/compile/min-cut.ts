/** Minimum cuts of directed networks, by Dinic's algorithm for maximum flows (1970). */

interface Edge {
  readonly to: number;
  /** What can still flow. */
  capacity: number;
  /** The edge back, at this position of `to`'s edges. */
  readonly back: number;
}

/** A directed network with capacities, whose nodes are 0 … `size` − 1. */
export class FlowNetwork {
  readonly #edges: Edge[][];

  constructor(size: number) {
    this.#edges = Array.from({ length: size }, () => []);
  }

  /** @param capacity at least 0; may be infinite, but no path from source to sink may be infinite all along */
  connect(from: number, to: number, capacity: number): void {
    const [there, back] = [this.#edges[from]!, this.#edges[to]!];
    there.push({ to, capacity, back: back.length });
    back.push({ to: from, capacity: 0, back: there.length - 1 });
  }

  /**
   * Finds the minimum cut that lies nearest to the sink. Spends the capacities.
   * @returns whether each node lies on the sink's side
   */
  cut(source: number, sink: number): boolean[] {
    for (;;) {
      const distance = this.#distances(source);
      if (distance[sink] === -1) return this.#reaching(sink);
      const next = this.#edges.map(() => 0);
      while (this.#augment(source, sink, distance, next));
    }
  }

  /** Edges from the source to each node along what can still flow; −1 where no way leads. */
  #distances(source: number): Int32Array {
    const distance = new Int32Array(this.#edges.length).fill(-1);
    distance[source] = 0;
    const queue = [source];
    for (const node of queue)
      for (const { to, capacity } of this.#edges[node]!)
        if (capacity > 0 && distance[to] === -1) {
          distance[to] = distance[node]! + 1;
          queue.push(to);
        }
    return distance;
  }

  /** Sends flow along one shortest path. `next` says from which edge on each node is still worth a try. */
  #augment(source: number, sink: number, distance: Int32Array, next: number[]): boolean {
    const path: Edge[] = [];
    let node = source;
    while (node !== sink) {
      const edge = this.#edges[node]![next[node]!];
      if (edge && edge.capacity > 0 && distance[edge.to] === distance[node]! + 1) {
        path.push(edge);
        node = edge.to;
      } else if (edge) next[node]!++;
      else if (path.length === 0) return false;
      else {
        node = this.#backOf(path.pop()!).to;
        next[node]!++;
      }
    }
    const flow = path.reduce((least, { capacity }) => Math.min(least, capacity), Number.POSITIVE_INFINITY);
    for (const edge of path) {
      edge.capacity -= flow;
      this.#backOf(edge).capacity += flow;
    }
    return true;
  }

  #backOf({ to, back }: Edge): Edge {
    return this.#edges[to]![back]!;
  }

  /** The nodes from which something can still flow to the sink. */
  #reaching(sink: number): boolean[] {
    const reaching = this.#edges.map(() => false);
    reaching[sink] = true;
    const queue = [sink];
    for (const node of queue)
      for (const edge of this.#edges[node]!)
        if (this.#backOf(edge).capacity > 0 && !reaching[edge.to]) {
          reaching[edge.to] = true;
          queue.push(edge.to);
        }
    return reaching;
  }
}
