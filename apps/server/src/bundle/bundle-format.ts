import { digestSchema, FabricError } from "@arc-fabric/contract";
import type { SessionRecords } from "@arc-fabric/core";
import { z } from "zod";

/**
 * A session bundle is a tar archive: `bundle.json` first, then one entry `blobs/<digest>` for each digest that
 * `bundle.json` lists, in any order. Nothing in it is newer or older than its content, so that one session gives one file.
 */
export const BUNDLE_FORMAT = "arc-fabric-session";
/** Raised by one for every change that an older server would misread. */
export const BUNDLE_VERSION = 2;
export const ROWS_ENTRY = "bundle.json";
const BLOB_ENTRY = /^blobs\/([0-9a-f]{64})$/;

export const blobEntry = (digest: string): string => `blobs/${digest}`;
/** @returns null for a name that is no blob's */
export const digestOfEntry = (name: string): string | null => BLOB_ENTRY.exec(name)?.[1] ?? null;

const rows = z.array(z.record(z.string(), z.unknown()));
const recordsSchema = z.strictObject({
  session: z.record(z.string(), z.unknown()),
  takes: rows,
  states: rows,
  artifacts: rows,
  events: rows,
  log_lines: rows,
  /** Version 1 left them out. */
  streams: rows.default([]),
  blobs: z.array(digestSchema),
});
/** Read first: what a newer version means by its fields is not ours to judge. */
const headSchema = z.looseObject({
  format: z.literal(BUNDLE_FORMAT),
  version: z.int().positive(),
});
const bundleSchema = z.strictObject({
  format: z.literal(BUNDLE_FORMAT),
  version: z.int().max(BUNDLE_VERSION),
  records: recordsSchema,
});

export function encodeRows(records: SessionRecords): Uint8Array {
  const bundle = { format: BUNDLE_FORMAT, version: BUNDLE_VERSION, records };
  return new TextEncoder().encode(`${JSON.stringify(bundle, null, 1)}\n`);
}

/** @throws FabricError `bundle_invalid`, `bundle_newer` */
export function decodeRows(bytes: Uint8Array): SessionRecords {
  const value = parseJson(bytes);
  const head = headSchema.safeParse(value);
  if (!head.success)
    throw invalidBundle(`its ${ROWS_ENTRY} does not say format "${BUNDLE_FORMAT}" and a version`);
  const { version } = head.data;
  if (version > BUNDLE_VERSION)
    throw new FabricError(
      "bundle_newer",
      `The bundle has version ${version}; this server reads up to ${BUNDLE_VERSION}.`,
      { details: { version, known: BUNDLE_VERSION } },
    );
  const bundle = bundleSchema.safeParse(value);
  if (bundle.success) return bundle.data.records;
  const [issue] = bundle.error.issues;
  const path = issue?.path.map(String).join(".") ?? "";
  throw invalidBundle(`"${path}" of its ${ROWS_ENTRY} is not as it should be`, { path });
}

/** @param what is wrong, as the rest of a sentence */
export const invalidBundle = (what: string, details: Record<string, unknown> = {}): FabricError =>
  new FabricError("bundle_invalid", `The bundle cannot be used: ${what}.`, { details });

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalidBundle(`its ${ROWS_ENTRY} is not JSON`);
  }
}
