import { z } from "zod";

/** 2^53 - 1: every seed survives JSON. */
export const MAX_SEED = Number.MAX_SAFE_INTEGER;
/** The protocol's bound; a model's own `limits.prompt_chars` is usually smaller. */
const MAX_PROMPT_CHARS = 100_000;

export const textSchema = z.string().max(MAX_PROMPT_CHARS);
/** A form's file. */
export const fileBytesSchema = z.instanceof(Uint8Array, { error: "must be a file" });
/** Some steps of a schedule by one model. */
export const stageSchema = z.strictObject({ model: z.string(), steps: z.int().positive() });
export const stagesSchema = z.array(stageSchema).min(1).max(16);
export type Stage = z.infer<typeof stageSchema>;
