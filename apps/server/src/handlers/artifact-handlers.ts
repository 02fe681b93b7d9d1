import {
  type Artifact,
  type ArtifactId,
  type ArtifactKind,
  FabricError,
} from "@arc-fabric/contract";
import type { FileAnswer, Handlers } from "../http/handler-types.ts";
import { blobAnswer } from "./blob-answer.ts";
import type { HandlerDeps } from "./handler-deps.ts";

const EXTENSIONS: Readonly<Record<string, string>> = {
  "video/mp4": "mp4",
  "image/jpeg": "jpg",
  "text/plain": "txt",
};
const SUFFIXES: Readonly<Record<ArtifactKind, string>> = {
  video: "",
  thumbnail: "-thumbnail",
  spritesheet: "-spritesheet",
  log: "-log",
};

export function artifactHandlers(
  deps: HandlerDeps,
): Pick<Handlers, "getArtifact" | "getArtifactContent"> {
  return {
    getArtifact: ({ params }) => findArtifact(deps, params.artifact_id),
    getArtifactContent: async ({ params }) =>
      artifactFile(deps, await findArtifact(deps, params.artifact_id)),
  };
}

/** An artifact never changes, so its address may be cached for good. */
export function artifactFile(
  { blobs }: Pick<HandlerDeps, "blobs">,
  artifact: Artifact,
): FileAnswer {
  const { digest, bytes, media_type: mediaType, kind, take_id: takeId } = artifact;
  return blobAnswer(blobs, {
    digest,
    bytes,
    mediaType,
    fileName: `${takeId}${SUFFIXES[kind]}.${EXTENSIONS[mediaType] ?? "bin"}`,
    immutable: true,
  });
}

async function findArtifact({ store }: HandlerDeps, id: ArtifactId): Promise<Artifact> {
  const artifact = await store.getArtifact(id);
  if (!artifact)
    throw new FabricError("artifact_not_found", `There is no artifact ${id}.`, {
      details: { field: "artifact_id", value: id },
    });
  return artifact;
}
