import { openGraph, type Graph } from "./ort.ts";

/** A network that is loaded when it is first needed: most takes never encode a picture. */
export class LazyGraph {
  readonly #path: string;
  readonly #threads: number;
  #graph: Graph | null = null;

  constructor(path: string, threads: number) {
    this.#path = path;
    this.#threads = threads;
  }

  /** @throws FabricError `weights_corrupt` */
  async open(): Promise<Graph> {
    this.#graph ??= await openGraph(this.#path, this.#threads);
    return this.#graph;
  }

  async release(): Promise<void> {
    const graph = this.#graph;
    this.#graph = null;
    await graph?.release();
  }
}
