import { encodeSafetensors, type TakeParameters, type UploadedFile } from "@arc-fabric/contract";
import { fileNotFound } from "./derive-take.ts";
import type { BlobStore } from "./ports/blob-store.ts";
import type { Media } from "./ports/media.ts";
import type { Store } from "./ports/store.ts";
import type { System } from "./ports/system.ts";

interface PictureDeps {
  readonly store: Store;
  readonly blobs: BlobStore;
  readonly media: Media;
  readonly system: System;
}

/** Stores an uploaded picture. @throws FabricError `invalid_image` */
export async function addPicture(
  { store, blobs, media, system }: PictureDeps,
  bytes: Uint8Array,
  name: string,
): Promise<UploadedFile> {
  const { width, height, mediaType } = await media.describePicture(bytes);
  const blob = await blobs.put(bytes);
  const now = system.now();
  const file = { ...blob, name, media_type: mediaType, width, height };
  return store.addFile({ ...file, created_at: new Date(now).toISOString() }, now);
}

/**
 * Digest of a given frame's pixels, as the blob that a plan names; null where none is given.
 * @throws FabricError `file_not_found`, `invalid_image`
 */
export async function givenFrame(
  { store, blobs, media }: PictureDeps,
  parameters: TakeParameters,
  field: "first_frame" | "last_frame",
): Promise<string | null> {
  const digest = parameters[field];
  if (!digest) return null;
  if (!(await store.getFile(digest))) throw fileNotFound(digest, field);
  const { width, height } = parameters;
  const { data } = await media.readPicture(await blobs.read(digest), width, height);
  const pixels = encodeSafetensors({
    tensors: { rgb: { dtype: "U8", shape: [height, width, 3], data } },
    metadata: { format: "arc-fabric.picture/1" },
  });
  return (await blobs.put(pixels)).digest;
}

/** Uploads that a take was made from: they stay while it is there, so that it can be made again. */
export function picturesOf({ first_frame, last_frame }: TakeParameters): string[] {
  return [first_frame, last_frame].filter((digest) => digest !== null);
}
