import { FabricError } from "@arc-fabric/contract";
import { bundleStream, openExport } from "../bundle/export-bundle.ts";
import { importBundle } from "../bundle/import-bundle.ts";
import type { Handlers } from "../http/handler-types.ts";
import type { HandlerDeps } from "./handler-deps.ts";

export function bundleHandlers(
  deps: HandlerDeps,
): Pick<Handlers, "exportSession" | "importSession"> {
  const { store, blobs, system, server } = deps;
  return {
    exportSession: async ({ params }) => {
      const records = await openExport(deps, params.session_id);
      return {
        mediaType: "application/x-tar",
        fileName: `${params.session_id}.tar`,
        stream: () => bundleStream(deps, records),
      };
    },
    importSession: async ({ context: { archive } }) => {
      if (!archive)
        throw new FabricError(
          "bundle_invalid",
          "There is no bundle in the body; send the file with Content-Type: application/x-tar.",
        );
      return importBundle({ store, blobs, system, maxBytes: server.maxBundleBytes }, archive);
    },
  };
}
