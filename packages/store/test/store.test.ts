import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll } from "vitest";
import { openStore } from "@arc-fabric/store";
import { openMemoryStore } from "@arc-fabric/store/test-kit";
import { storeConformance } from "./store-conformance.ts";
import { testLogger } from "./support/fixtures.ts";

let root: string;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), "arc-store-"));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

storeConformance("SQLite on disk", async (system) => {
  const directory = await mkdtemp(path.join(root, "store-"));
  return openStore({ directory, system, logger: testLogger() });
});

storeConformance("SQLite in memory", (system) => openMemoryStore({ system, logger: testLogger() }));
