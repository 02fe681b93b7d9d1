import { z } from "zod";
import { TAKE_STATUSES } from "../lifecycle.ts";
import { workerStatusSchema } from "../manifest.ts";

export const workerReportSchema = z.object({
  worker_id: z.string(),
  model: z.string(),
  status: workerStatusSchema,
  pid: z.int().nullable(),
  rss_bytes: z.int().nullable(),
  restarts: z.int().nonnegative(),
  error: z.string().nullable(),
});

/** What an operator wants to see at one glance. */
export const systemSchema = z.object({
  version: z.string(),
  node_version: z.string(),
  platform: z.string(),
  cpu: z.string(),
  cpu_count: z.int().positive(),
  memory_bytes: z.int().positive(),
  rss_bytes: z.int().positive(),
  uptime_s: z.number().nonnegative(),
  data_dir: z.string(),
  disk_free_bytes: z.int().nonnegative(),
  configuration: z.record(z.string(), z.unknown()),
  queue: z.object({
    limit: z.int(),
    counts: z.object(
      Object.fromEntries(TAKE_STATUSES.map((status) => [status, z.int()])) as Record<
        (typeof TAKE_STATUSES)[number],
        z.ZodInt
      >,
    ),
  }),
  workers: z.array(workerReportSchema),
  /** True until every encoder was tried; `encoders` holds those tried so far. */
  encoders_probing: z.boolean(),
  encoders: z.array(
    z.object({
      encoder: z.string(),
      hardware: z.boolean(),
      usable: z.boolean(),
      error: z.string().nullable(),
      ms: z.number(),
    }),
  ),
});
export type SystemReport = z.infer<typeof systemSchema>;
