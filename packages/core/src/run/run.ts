import type { NewEvent, Take, TakeWarning } from "@arc-fabric/contract";
import type { LiveHub } from "../live-hub.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import type { Media } from "../ports/media.ts";
import type { ModelHost } from "../ports/model-host.ts";
import type { Claim, Store, TakePatch } from "../ports/store.ts";
import type { System } from "../ports/system.ts";
import type { ModelBook } from "../plan/plan-parts.ts";
import type { RunControl } from "./run-control.ts";
import { claimLost } from "./stop-reason.ts";
import type { TakeLog } from "./take-log.ts";

export interface RunTakeDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly host: ModelHost;
  readonly media: Media;
  readonly models: ModelBook;
  readonly live: LiveHub;
  readonly system: System;
  readonly previewIntervalMs: number;
}

/** One attempt at a take, from wherever its trajectory ends to its files. */
export interface Run extends RunTakeDeps {
  readonly claim: Claim;
  readonly log: TakeLog;
  readonly control: RunControl;
  /** Warnings of this attempt. */
  readonly warned: TakeWarning[];
  /** Changes of the environment that this attempt has recorded. */
  readonly changes: Take["environment_changes"];
}

export function record(run: Run, event: NewEvent, patch: TakePatch): Promise<void> {
  return guard(run.store.record(run.claim, event, patch, run.system.now()));
}

/** @throws `claimLost` when another owns the take by now */
export async function guard(written: Promise<boolean>): Promise<void> {
  if (!(await written)) throw claimLost;
}
