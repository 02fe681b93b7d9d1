import type { ErrorCode, ErrorDetails } from "@arc-fabric/contract";

/**
 * The channel between this package and its encoder process: frames of `encodeFrame` on one socket, each call answered
 * by one reply with the same `call` number. Both ends are always of one version, so types are enough here.
 */
export const CHANNEL_FD = 3;

/** A picture or clip call. Bulk data travels as the part `frames` (RGB24, frame after frame). */
export type ChildCall =
  | { readonly method: "clip.open"; readonly clip: number; readonly options: ClipPlan }
  | { readonly method: "clip.write"; readonly clip: number; readonly count: number }
  | { readonly method: "clip.finish"; readonly clip: number }
  | { readonly method: "clip.abort"; readonly clip: number }
  | { readonly method: "live.open"; readonly live: number; readonly options: LivePlan }
  | {
      readonly method: "live.encode";
      readonly live: number;
      readonly count: number;
      readonly keyFrame: boolean;
    }
  | { readonly method: "live.close"; readonly live: number }
  | { readonly method: "strip"; readonly size: PictureSize; readonly count: number }
  | { readonly method: "stills"; readonly size: PictureSize; readonly count: number }
  /** The bytes of a picture or video travel as the part `file`. */
  | { readonly method: "picture.describe" }
  | { readonly method: "picture.read"; readonly size: PictureSize }
  | { readonly method: "mask.read"; readonly size: PictureSize }
  | { readonly method: "clip.read" };

export type ChildRequest = ChildCall & { readonly call: number };

export type ChildReply =
  | { readonly call: number; readonly ok: true; readonly result: unknown }
  | {
      readonly call: number;
      readonly ok: false;
      readonly error: { code: ErrorCode; message: string; details: ErrorDetails };
    };

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** Answer to `picture.describe`. */
export interface PictureDescription extends PictureSize {
  readonly mediaType: "image/png" | "image/jpeg" | "image/webp";
}

/** Answer to `clip.read`; the frames are the part `frames`. */
export interface ClipRead extends PictureSize {
  readonly count: number;
}

export interface ClipPlan extends PictureSize {
  readonly fps: number;
  readonly numFrames: number;
  readonly directory: string;
  /** Names in order of preference; the first that opens is used. */
  readonly encoders: readonly string[];
  readonly threads: number;
}

export interface LivePlan extends PictureSize {
  readonly fps: number;
  readonly threads: number;
}

/** Answer to `live.encode`; packet `n` is the part `packet_n`. */
export interface LiveEncoded {
  readonly keyFrames: readonly boolean[];
}

/** Answer to `clip.open`. */
export interface ClipOpened {
  /** The encoder that really encodes. */
  readonly encoder: string;
  /** Why the preferred ones were passed over. */
  readonly rejected: readonly { readonly encoder: string; readonly error: string }[];
}

/** Answer to `clip.finish`. */
export interface ClipFinished {
  readonly thumbnail: PictureSize;
  readonly thumbnailFrame: number;
  readonly sheet: SheetLayout;
}

/** Tiles in reading order; the last row may be partly black. */
export interface SheetLayout {
  readonly columns: number;
  readonly rows: number;
  readonly frameWidth: number;
  readonly frameHeight: number;
}

/** The files of a clip inside its directory. */
export const CLIP_FILES = {
  video: "video.mp4",
  thumbnail: "thumbnail.jpg",
  spritesheet: "spritesheet.jpg",
} as const;

export const RGB_CHANNELS = 3;

/** What a probe prints before it touches any driver. */
export const PROBE_READY = "ready\n";
