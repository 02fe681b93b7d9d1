import type { Take } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { RgbFrames } from "@arc-fabric/core";
import { createMedia } from "@arc-fabric/media";
import { createSystem } from "@arc-fabric/server";

export interface ClipReader {
  /** The frames of a take's video, as a player shows them. */
  read(client: FabricClient, take: Take): Promise<RgbFrames>;
  close(): Promise<void>;
}

export function createClipReader(): ClipReader {
  const media = createMedia({
    system: createSystem(),
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    encoder: "auto",
    allowSoftwareEncoder: true,
  });
  return {
    async read(client, take) {
      const video = take.artifacts.find(({ kind }) => kind === "video");
      if (!video) throw new Error(`Take ${take.id} has no video.`);
      return media.readClip(await (await client.artifacts.download(video.id)).toBytes());
    },
    close: () => media.close(),
  };
}
