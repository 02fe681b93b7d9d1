import { FabricError } from "@arc-fabric/contract";

/** A form of this API has a dozen fields; more is a mistake or an attack. */
const MAX_FIELDS = 64;

/**
 * The text fields of a multipart/form-data body. Files are refused by their field's name: no form of this API takes any.
 * `input_reference[image_url]` counts as the field `input_reference`.
 * @throws FabricError `invalid_multipart`, `unknown_field`, `invalid_request` for a field sent twice
 */
export async function parseMultipart(
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
): Promise<Record<string, string>> {
  let form: FormData;
  try {
    form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  } catch (cause) {
    throw new FabricError(
      "invalid_multipart",
      "The multipart body is incomplete or its boundary does not match.",
      { cause },
    );
  }
  const fields = new Map<string, string>();
  for (const [name, value] of form.entries()) {
    const field = name.replace(/\[.*$/s, "").slice(0, 100);
    if (fields.size >= MAX_FIELDS)
      throw new FabricError("invalid_multipart", `The form has more than ${MAX_FIELDS} fields.`);
    if (typeof value !== "string") throw unknown(field, "is a file, and no file is taken here");
    if (field !== name) throw unknown(field, "is not known here");
    if (fields.has(field))
      throw new FabricError("invalid_request", `The field "${field}" was sent twice.`, {
        details: { field },
      });
    fields.set(field, value);
  }
  return Object.fromEntries(fields);
}

const unknown = (field: string, what: string) =>
  new FabricError("unknown_field", `The field "${field}" ${what}.`, { details: { field } });
