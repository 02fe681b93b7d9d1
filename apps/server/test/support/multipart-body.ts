export interface MultipartBody {
  readonly body: Buffer;
  readonly headers: { readonly "content-type": string };
}

/** A form as a client sends it; a file is its bytes with a name. */
export async function multipartBody(
  fields: Readonly<Record<string, string | { bytes: Uint8Array; name: string }>>,
): Promise<MultipartBody> {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields))
    if (typeof value === "string") form.append(name, value);
    else form.append(name, new Blob([new Uint8Array(value.bytes)]), value.name);
  const response = new Response(form);
  return {
    body: Buffer.from(await response.arrayBuffer()),
    headers: { "content-type": response.headers.get("content-type") ?? "" },
  };
}
