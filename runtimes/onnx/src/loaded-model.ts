import type { Environment, Manifest } from "@arc-fabric/contract";
import type { LazyGraph } from "./lazy-graph.ts";
import type { Graph } from "./ort.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** A model whose files were checked and whose networks are in memory. */
export interface LoadedModel {
  readonly manifest: Manifest;
  readonly weightsDigest: string;
  readonly environment: Environment;
  readonly tokenizer: Tokenizer;
  readonly textEncoder: Graph;
  readonly denoiser: Graph;
  readonly decoder: Graph;
  /** Pictures to latents; null where the model has none. */
  readonly encoder: LazyGraph | null;
  /** A cheaper decoder for previews; the decoder itself where the model has none. */
  readonly preview: Graph;
}
