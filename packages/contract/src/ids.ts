import { z } from "zod";

/** Crockford base 32: sorts like the number it encodes, has no look-alike letters. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const TIME_LENGTH = 10; // 50 bits of milliseconds: good until the year 37,000
const RANDOM_LENGTH = 16; // 80 bits

const idSchema = <Prefix extends string>(prefix: Prefix) =>
  z
    .string()
    .regex(
      new RegExp(`^${prefix}_[0-9a-hjkmnp-tv-z]{26}$`),
      `must be an id that starts with "${prefix}_"`,
    )
    .brand<Prefix>();

export const sessionIdSchema = idSchema("ses");
export const takeIdSchema = idSchema("take");
export const workerIdSchema = idSchema("wrk");
export const nodeIdSchema = idSchema("node");
export const artifactIdSchema = idSchema("art");
export const streamIdSchema = idSchema("str");

export type SessionId = z.infer<typeof sessionIdSchema>;
export type TakeId = z.infer<typeof takeIdSchema>;
export type WorkerId = z.infer<typeof workerIdSchema>;
export type NodeId = z.infer<typeof nodeIdSchema>;
export type ArtifactId = z.infer<typeof artifactIdSchema>;
export type StreamId = z.infer<typeof streamIdSchema>;

interface IdTypes {
  ses: SessionId;
  take: TakeId;
  wrk: WorkerId;
  node: NodeId;
  art: ArtifactId;
  str: StreamId;
}

/**
 * A new prefixed id; ids made later sort later.
 * @param nowMs wall clock in milliseconds since 1970
 * @param randomBytes returns that many random bytes; 16 are asked for
 */
export function newId<Prefix extends keyof IdTypes>(
  prefix: Prefix,
  nowMs: number,
  randomBytes: (count: number) => Uint8Array,
): IdTypes[Prefix] {
  let time = "";
  let rest = nowMs;
  for (let i = 0; i < TIME_LENGTH; i++) {
    time = ALPHABET[rest % 32] + time;
    rest = Math.floor(rest / 32);
  }
  let random = "";
  for (const byte of randomBytes(RANDOM_LENGTH)) random += ALPHABET[byte % 32];
  return `${prefix}_${time}${random}` as unknown as IdTypes[Prefix];
}
