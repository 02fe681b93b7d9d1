import type { UploadedFile } from "@arc-fabric/contract";
import { addressOf } from "./address.ts";
import type { CallOptions } from "./client-types.ts";
import { readJson, sendRequest, type Transport } from "./send-request.ts";

/** Sends a picture as a form. Files are named by their digest, so sending one twice does no harm. */
export function uploadFile(
  transport: Transport,
  picture: Blob | Uint8Array<ArrayBuffer>,
  { name, ...options }: CallOptions & { name?: string },
): Promise<UploadedFile> {
  const form = new FormData();
  const file = picture instanceof Blob ? picture : new Blob([picture]);
  form.set("file", file, name ?? "picture");
  if (name !== undefined) form.set("name", name);
  return sendRequest(transport, {
    ...options,
    method: "POST",
    url: addressOf(transport.baseUrl, "uploadFile", {}),
    rawBody: form,
    safeToRepeat: true,
    read: readJson<UploadedFile>,
  });
}
