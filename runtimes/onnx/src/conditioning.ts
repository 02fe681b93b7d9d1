import {
  asFloat32,
  decodeSafetensors,
  encodeSafetensors,
  FabricError,
  float32Tensor,
  type TakeWarning,
} from "@arc-fabric/contract";
import type { LoadedModel } from "./loaded-model.ts";
import { float32Values, int64 } from "./ort.ts";

const FORMAT = "arc-fabric.conditioning/1";
/** Rows of the batch: what is wanted, then what guidance moves away from. */
const ROWS = 2;

/** Encoded prompts: row 0 of each tensor is the prompt, row 1 the negative prompt. */
export interface Conditioning {
  /** [2, tokens, dims] */
  readonly text: Float32Array;
  readonly textShape: readonly [number, number, number];
  /** [2, tokens]; 1 = a real token */
  readonly textMask: Float32Array;
}

/** Runs the text encoder on both prompts. An empty negative prompt is the unconditional one. */
export async function encodePrompts(
  model: LoadedModel,
  prompts: { prompt: string; negativePrompt: string },
): Promise<{ conditioning: Uint8Array<ArrayBuffer>; warnings: TakeWarning[] }> {
  const { tokenizer } = model;
  const wanted = tokenizer.tokenize(prompts.prompt, "prompt");
  const unwanted = tokenizer.tokenize(prompts.negativePrompt, "negative prompt");
  const ids = new BigInt64Array(ROWS * tokenizer.maxTokens);
  ids.set(wanted.ids, 0);
  ids.set(unwanted.ids, tokenizer.maxTokens);
  const { text, text_mask: mask } = await model.textEncoder.run({
    tokens: int64(ids, [ROWS, tokenizer.maxTokens]),
  });
  if (!text || !mask)
    throw new FabricError(
      "weights_corrupt",
      `The text encoder of ${model.manifest.id} has no outputs "text" and "text_mask".`,
    );
  const conditioning = encodeSafetensors({
    tensors: {
      text: float32Tensor(text.dims, float32Values(text)),
      text_mask: float32Tensor(mask.dims, float32Values(mask)),
    },
    metadata: { format: FORMAT, weights_digest: model.weightsDigest },
  });
  return { conditioning, warnings: [...wanted.warnings, ...unwanted.warnings] };
}

/** @throws FabricError `invalid_request` when the blob is no conditioning of this model */
export function decodeConditioning(blob: Uint8Array, weightsDigest: string): Conditioning {
  const { tensors, metadata } = decodeSafetensors(blob);
  const { text, text_mask: mask } = tensors;
  if (
    metadata["format"] !== FORMAT ||
    !text ||
    !mask ||
    text.shape.length !== 3 ||
    text.shape[0] !== ROWS
  )
    throw new FabricError(
      "invalid_request",
      "The conditioning is not one that this runtime has made. Encode the prompt again.",
    );
  if (metadata["weights_digest"] !== weightsDigest)
    throw new FabricError(
      "invalid_request",
      "The conditioning was made by other weights. Encode the prompt again with this model.",
    );
  const [rows, tokens, dims] = text.shape as [number, number, number];
  return { text: asFloat32(text), textShape: [rows, tokens, dims], textMask: asFloat32(mask) };
}
