import { ERROR_CATALOGUE, toFabricError } from "@arc-fabric/contract";
import type { InstalledModel } from "../models/read-manifests.ts";
import { VERSION } from "./version.ts";

/** What a person reads when the server is up. */
export function readyMessage(server: {
  url: string;
  dataDir: string;
  models: readonly InstalledModel[];
  configFile: string | null;
}): string {
  const models = server.models.map(({ manifest, missing }) =>
    missing.length > 0 ? `${manifest.id} (weights missing)` : manifest.id,
  );
  const lines = [
    ["Studio", server.url],
    ["API", `${server.url}/docs`],
    ["Data", server.dataDir],
    ["Models", models.join(", ") || "none found"],
    ...(server.configFile ? [["Settings", server.configFile]] : []),
  ];
  return `\nArc Fabric ${VERSION} is ready\n\n${lines.map(([name, value]) => `  ${name!.padEnd(9)}${value}`).join("\n")}\n\nPress Ctrl+C to stop.\n`;
}

/** An error at start as a person reads it: what, which value, what to do. The stack only for what should never happen. */
export function startErrorMessage(thrown: unknown): string {
  const error = toFabricError(thrown);
  const { title, remedy } = ERROR_CATALOGUE[error.code];
  const stack =
    error.code === "internal" && error.cause instanceof Error ? `\n${error.cause.stack}` : "";
  return `\nThe server cannot start: ${title.charAt(0).toLowerCase()}${title.slice(1)} (${error.code}).\n\n  ${error.message}\n  ${remedy}\n${stack}\n`;
}
