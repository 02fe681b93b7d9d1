import type { Endpoint } from "./endpoint.ts";
import { NATIVE_ENDPOINTS } from "./native.ts";
import { OPENAI_ENDPOINTS } from "./openai.ts";
import { STREAM_ENDPOINTS } from "./streams.ts";
import { TRAJECTORY_ENDPOINTS } from "./trajectory.ts";

/** Every address the server answers, by operation name. */
export const ENDPOINTS = {
  ...NATIVE_ENDPOINTS,
  ...TRAJECTORY_ENDPOINTS,
  ...STREAM_ENDPOINTS,
  ...OPENAI_ENDPOINTS,
} as const;
export type Operation = keyof typeof ENDPOINTS;
export const ENDPOINT_LIST = Object.entries(ENDPOINTS) as [Operation, Endpoint][];
