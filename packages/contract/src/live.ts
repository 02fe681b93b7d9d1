/**
 * The wire format of live frames (one WebSocket binary message per frame):
 * a 28-byte little-endian header, then the encoded picture.
 *
 * | offset | field | type |
 * |---|---|---|
 * | 0 | kind: 1 = preview of the forming clip, 2 = finished frame | u8 |
 * | 1 | codec: 1 = JPEG, 2 = H.264 (one access unit, Annex B; parameter sets stand before every key frame) | u8 |
 * | 2 | flags: bit 0 = key frame, from which decoding can start (H.264; a JPEG always is one and leaves it 0) | u8 |
 * | 3 | reserved, 0 | u8 |
 * | 4 | frame index in the clip | u32 |
 * | 8 | frames in this preview or clip | u32 |
 * | 12 | step the preview belongs to (0 for finished frames) | u32 |
 * | 16 | produced at, milliseconds since 1970 | f64 |
 * | 24 | frames a second of the clip | f32 |
 */
export const LIVE_HEADER_BYTES = 28;
export const LIVE_KIND = { preview: 1, frame: 2 } as const;
export const LIVE_CODEC = { jpeg: 1, h264: 2 } as const;
export const LIVE_FLAG = { keyFrame: 1 } as const;
export type LiveKind = keyof typeof LIVE_KIND;

export type LiveFrame = LiveFrameFields &
  ({ readonly codec: "jpeg" } | { readonly codec: "h264"; readonly keyFrame: boolean });

interface LiveFrameFields {
  readonly kind: LiveKind;
  readonly frameIndex: number;
  readonly frameCount: number;
  readonly step: number;
  readonly producedAtMs: number;
  readonly fps: number;
  readonly data: Uint8Array;
}

export function encodeLiveFrame(frame: LiveFrame): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(LIVE_HEADER_BYTES + frame.data.byteLength);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, LIVE_KIND[frame.kind]);
  view.setUint8(1, LIVE_CODEC[frame.codec]);
  view.setUint8(2, frame.codec === "h264" && frame.keyFrame ? LIVE_FLAG.keyFrame : 0);
  view.setUint32(4, frame.frameIndex, true);
  view.setUint32(8, frame.frameCount, true);
  view.setUint32(12, frame.step, true);
  view.setFloat64(16, frame.producedAtMs, true);
  view.setFloat32(24, frame.fps, true);
  bytes.set(frame.data, LIVE_HEADER_BYTES);
  return bytes;
}

/** @returns null for a kind or codec this version does not know, which a viewer skips */
export function decodeLiveFrame(bytes: Uint8Array): LiveFrame | null {
  if (bytes.byteLength < LIVE_HEADER_BYTES) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const kind = nameOf(LIVE_KIND, view.getUint8(0));
  const codec = nameOf(LIVE_CODEC, view.getUint8(1));
  if (!kind || !codec) return null;
  const fields = {
    kind,
    frameIndex: view.getUint32(4, true),
    frameCount: view.getUint32(8, true),
    step: view.getUint32(12, true),
    producedAtMs: view.getFloat64(16, true),
    fps: view.getFloat32(24, true),
    data: bytes.subarray(LIVE_HEADER_BYTES),
  };
  if (codec === "jpeg") return { ...fields, codec };
  return { ...fields, codec, keyFrame: (view.getUint8(2) & LIVE_FLAG.keyFrame) !== 0 };
}

function nameOf<Name extends string>(
  table: Readonly<Record<Name, number>>,
  value: number,
): Name | undefined {
  return (Object.keys(table) as Name[]).find((name) => table[name] === value);
}
