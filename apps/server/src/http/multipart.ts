import { FabricError } from "@arc-fabric/contract";

/** A form of this API has a dozen fields; more is a mistake or an attack. */
const MAX_FIELDS = 64;
const BRACKETED = /^([^[\]]+)\[([^[\]]+)\]$/;

/** A form's values as JSON would have them: text, a file's bytes, or one level of fields inside a field. */
export type FormValue = string | Uint8Array | Record<string, string | Uint8Array>;

const fileNames = new WeakMap<Uint8Array, string>();

/** The name a form's file was sent under; undefined for bytes that are no form's file. */
export const fileNameOf = (file: Uint8Array): string | undefined => fileNames.get(file);

/**
 * The fields of a multipart/form-data body; `video[id]` is the field `id` inside `video`.
 * @throws FabricError `invalid_multipart`, `unknown_field` for deeper brackets, `invalid_request` for a field sent twice
 */
export async function parseMultipart(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Record<string, FormValue>> {
  const form = await readForm(body, contentType);
  const fields = new Map<string, FormValue>();
  let count = 0;
  for (const [name, value] of form.entries()) {
    count += 1;
    if (count > MAX_FIELDS)
      throw new FabricError("invalid_multipart", `The form has more than ${MAX_FIELDS} fields.`);
    const content = typeof value === "string" ? value : await fileBytes(value);
    put(fields, name, content);
  }
  return Object.fromEntries(fields);
}

async function readForm(body: Uint8Array<ArrayBuffer>, contentType: string): Promise<FormData> {
  try {
    return await new Response(body, { headers: { "content-type": contentType } }).formData();
  } catch (cause) {
    throw new FabricError(
      "invalid_multipart",
      "The multipart body is incomplete or its boundary does not match.",
      { cause },
    );
  }
}

async function fileBytes(file: File): Promise<Uint8Array> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  fileNames.set(bytes, file.name);
  return bytes;
}

function put(fields: Map<string, FormValue>, name: string, value: string | Uint8Array): void {
  const [, outer, inner] = BRACKETED.exec(name) ?? [];
  if (outer === undefined || inner === undefined) {
    const field = clip(name);
    if (/[[\]]/.test(name))
      throw new FabricError("unknown_field", `The field "${field}" is not known here.`, {
        details: { field: field.replace(/\[.*$/s, "") },
      });
    if (fields.has(field)) throw twice(field);
    fields.set(field, value);
    return;
  }
  const group = fields.get(outer) ?? Object.create(null);
  if (typeof group === "string" || group instanceof Uint8Array || Object.hasOwn(group, inner))
    throw twice(clip(name));
  group[inner] = value;
  fields.set(outer, group);
}

const twice = (field: string) =>
  new FabricError("invalid_request", `The field "${field}" was sent twice.`, {
    details: { field },
  });
const clip = (name: string) => name.slice(0, 100);
