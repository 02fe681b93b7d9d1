import { FabricError } from "./fabric-error.ts";

/** The types a state or conditioning may hold. Little-endian, C order, as the safetensors format lays down. */
export const TENSOR_BYTES = { F32: 4, F64: 8, F16: 2, BF16: 2, I64: 8, I32: 4, U8: 1 } as const;
export type TensorType = keyof typeof TENSOR_BYTES;

export interface Tensor {
  readonly dtype: TensorType;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

export interface TensorFile {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A header larger than this is an attack or a torn file; ours are under 4 kB. */
const MAX_HEADER_BYTES = 1 << 20;
const LENGTH_BYTES = 8;

/** The bytes of a safetensors file. Equal input gives equal bytes: names are sorted, the header is padded to 8. */
export function encodeSafetensors(file: TensorFile): Uint8Array<ArrayBuffer> {
  const names = Object.keys(file.tensors).sort();
  // Entries, not assignments: assigning a tensor named "__proto__" to an object would lose it.
  const header: [string, unknown][] = [];
  const sortedMetadata = Object.fromEntries(
    Object.entries(file.metadata).sort(([a], [b]) => (a < b ? -1 : 1)),
  );
  if (Object.keys(sortedMetadata).length > 0) header.push(["__metadata__", sortedMetadata]);
  let offset = 0;
  for (const name of names) {
    const tensor = file.tensors[name]!;
    const end = offset + tensor.data.byteLength;
    header.push([name, { dtype: tensor.dtype, shape: tensor.shape, data_offsets: [offset, end] }]);
    offset = end;
  }
  let text = JSON.stringify(Object.fromEntries(header));
  const headerBytes = new TextEncoder().encode(text).byteLength;
  text += " ".repeat((8 - (headerBytes % 8)) % 8);
  const encodedHeader = new TextEncoder().encode(text);
  const bytes = new Uint8Array(LENGTH_BYTES + encodedHeader.byteLength + offset);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(encodedHeader.byteLength), true);
  bytes.set(encodedHeader, LENGTH_BYTES);
  let position = LENGTH_BYTES + encodedHeader.byteLength;
  for (const name of names) {
    bytes.set(file.tensors[name]!.data, position);
    position += file.tensors[name]!.data.byteLength;
  }
  return bytes;
}

/**
 * Reads a safetensors file; the tensors' data are views of `bytes`.
 * @throws FabricError `state_corrupt` when lengths, offsets or sizes do not agree
 */
export function decodeSafetensors(bytes: Uint8Array): TensorFile {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < LENGTH_BYTES) throw corrupt("it is shorter than its length field");
  const headerLength = Number(view.getBigUint64(0, true));
  if (headerLength > MAX_HEADER_BYTES || LENGTH_BYTES + headerLength > bytes.byteLength)
    throw corrupt(`its header claims ${headerLength} bytes`);
  const dataStart = LENGTH_BYTES + headerLength;
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart));
  const tensors: [string, Tensor][] = [];
  let metadata: Record<string, string> = {};
  let expectedOffset = 0;
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") {
      metadata = entry as Record<string, string>;
      continue;
    }
    const { dtype, shape, data_offsets } = (entry ?? {}) as {
      dtype: TensorType;
      shape: number[];
      data_offsets: [number, number];
    };
    if (!isSizes(shape) || !isSizes(data_offsets))
      throw corrupt(`tensor "${name}" has no shape and offsets`);
    const [start, end] = data_offsets;
    const size = shape.reduce((product, side) => product * side, TENSOR_BYTES[dtype] ?? Number.NaN);
    if (start !== expectedOffset || end - start !== size || dataStart + end > bytes.byteLength)
      throw corrupt(`tensor "${name}" does not fit its offsets`);
    expectedOffset = end;
    tensors.push([
      name,
      { dtype, shape, data: bytes.subarray(dataStart + start, dataStart + end) },
    ]);
  }
  if (dataStart + expectedOffset !== bytes.byteLength)
    throw corrupt("there are bytes after the last tensor");
  return { tensors: Object.fromEntries(tensors), metadata };
}

/** A tensor's values; copies only when the view is not aligned to 4 bytes. */
export function asFloat32(tensor: Tensor): Float32Array {
  const { data } = tensor;
  if (data.byteOffset % 4 === 0)
    return new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  // Not `slice`: that of a Node Buffer does not copy.
  return new Float32Array(new Uint8Array(data).buffer);
}

export function float32Tensor(shape: readonly number[], values: Float32Array): Tensor {
  return {
    dtype: "F32",
    shape,
    data: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  };
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new FabricError("state_corrupt", "The safetensors header is not valid JSON.", { cause });
  }
  if (typeof header !== "object" || header === null || Array.isArray(header))
    throw corrupt("its header is not an object");
  return header as Record<string, unknown>;
}

function corrupt(reason: string): FabricError {
  return new FabricError("state_corrupt", `This is not a complete safetensors file: ${reason}.`);
}
