import { FabricError, weightsDigest, type Environment, type Manifest } from "@arc-fabric/contract";
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { join } from "node:path";
import { LazyGraph } from "./lazy-graph.ts";
import type { LoadedModel } from "./loaded-model.ts";
import { EXECUTION_PROVIDER, openGraph, ORT_VERSION, type Graph } from "./ort.ts";
import { Tokenizer, type TokenizerDocument } from "./tokenizer.ts";
import { verifyWeights } from "./verify-weights.ts";
import { warmUp } from "./warm-up.ts";

export interface LoadRequest {
  readonly manifest: Manifest;
  readonly directory: string;
  readonly threads: number;
  readonly onProgress: (fraction: number, stage: string) => void;
}

/** Share of the loading bar given to reading and checking the files. */
const CHECKING = 0.4;
type Role = Manifest["files"][number]["role"];

/** @throws FabricError `weights_missing`, `weights_corrupt`, `manifest_invalid` */
export async function loadModel(request: LoadRequest): Promise<LoadedModel> {
  const { manifest, directory, threads, onProgress } = request;
  const textEncoderPath = requirePath(request, "text_encoder");
  const denoiserPath = requirePath(request, "denoiser");
  const decoderPath = requirePath(request, "decoder");
  const tokenizerPath = requirePath(request, "tokenizer");
  const previewPath = findPath(request, "preview");
  const encoderPath = findPath(request, "encoder");

  await verifyWeights(manifest, directory, (fraction) =>
    onProgress(fraction * CHECKING, "checking the weights"),
  );
  const tokenizer = await readTokenizer(tokenizerPath);
  onProgress(CHECKING, "loading the networks");
  const opened: Graph[] = [];
  const open = async (path: string): Promise<Graph> => {
    const graph = await openGraph(path, threads);
    opened.push(graph);
    onProgress(CHECKING + (0.5 * opened.length) / 4, "loading the networks");
    return graph;
  };
  try {
    const textEncoder = await open(textEncoderPath);
    const denoiser = await open(denoiserPath);
    const decoder = await open(decoderPath);
    const preview = previewPath === null ? decoder : await open(previewPath);
    const digest = weightsDigest(manifest, (text) =>
      createHash("sha256").update(text).digest("hex"),
    );
    const environment = describeEnvironment(threads);
    const model = {
      manifest,
      weightsDigest: digest,
      environment,
      tokenizer,
      textEncoder,
      denoiser,
      decoder,
      preview,
      encoder: encoderPath === null ? null : new LazyGraph(encoderPath, threads),
    };
    onProgress(0.9, "warming up");
    await warmUp(model);
    onProgress(1, "ready");
    return model;
  } catch (error) {
    await Promise.all(opened.map((graph) => graph.release()));
    throw error;
  }
}

/** Frees the networks' memory. */
export async function releaseModel(model: LoadedModel): Promise<void> {
  const graphs = new Set([model.textEncoder, model.denoiser, model.decoder, model.preview]);
  await Promise.all([...graphs].map((graph) => graph.release()));
  await model.encoder?.release();
}

/** Everything that may change a result's last bits. */
function describeEnvironment(threads: number): Environment {
  return {
    runtime: "onnx",
    onnxruntime: ORT_VERSION,
    execution_provider: EXECUTION_PROVIDER,
    node: process.version,
    arch: arch(),
    cpu: cpus()[0]?.model.trim() ?? "unknown",
    threads,
    guidance: "batch",
  };
}

function findPath({ manifest, directory }: LoadRequest, role: Role): string | null {
  const file = manifest.files.find((entry) => entry.role === role);
  return file ? join(directory, file.path) : null;
}

function requirePath(request: LoadRequest, role: Role): string {
  const path = findPath(request, role);
  if (path === null)
    throw new FabricError(
      "manifest_invalid",
      `The manifest of ${request.manifest.id} lists no file with the role "${role}".`,
      {
        details: { model: request.manifest.id, role },
      },
    );
  return path;
}

async function readTokenizer(path: string): Promise<Tokenizer> {
  const document = JSON.parse(await readFile(path, "utf8")) as TokenizerDocument;
  if (document.version !== 1)
    throw new FabricError(
      "weights_corrupt",
      `${path} is a tokenizer of version ${String(document.version)}; this runtime reads version 1.`,
    );
  return new Tokenizer(document);
}
