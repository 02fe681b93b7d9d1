import type { RgbFrames } from "./model-host.ts";

export interface ClipOptions {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
  readonly numFrames: number;
  /** Existing empty folder; the files are written into it. */
  readonly directory: string;
}

export interface ClipFile {
  readonly kind: "video" | "thumbnail" | "spritesheet";
  readonly path: string;
  readonly mediaType: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A clip being written. `write` resolves when more may be sent (backpressure). */
export interface ClipWriter {
  /** Frames in order, RGB24. */
  write(frames: RgbFrames): Promise<void>;
  /** @throws `encoder_failed` when the count of frames is not `numFrames` or the encoder fails */
  finish(): Promise<readonly ClipFile[]>;
  /** Stops and leaves nothing behind. */
  abort(): Promise<void>;
}

export interface PictureInfo {
  readonly width: number;
  readonly height: number;
  readonly mediaType: "image/png" | "image/jpeg" | "image/webp";
}

export interface EncoderReport {
  readonly encoder: string;
  readonly hardware: boolean;
  readonly usable: boolean;
  readonly error: string | null;
  readonly ms: number;
}

export interface EncoderKnowledge {
  readonly reports: readonly EncoderReport[];
  /** Some encoder has not been tried yet. */
  readonly probing: boolean;
}

/** Pictures and clips from raw frames; runs in child processes so that a crashing encoder takes nothing with it. */
export interface Media {
  /** H.264 (yuv420p, faststart) MP4, a JPEG thumbnail and a JPEG sprite sheet of every frame. */
  openClip(options: ClipOptions): Promise<ClipWriter>;
  /** Frames next to one another in one JPEG (a preview strip; one frame = a still). */
  encodeStrip(frames: RgbFrames): Promise<Uint8Array>;
  /** One JPEG per frame. */
  encodeStills(frames: RgbFrames): Promise<readonly Uint8Array[]>;
  /** Width and height of a picture and its type. @throws `invalid_image` */
  describePicture(bytes: Uint8Array): Promise<PictureInfo>;
  /** A picture as one RGB frame of exactly this size, cropped to its shape from the middle. @throws `invalid_image` */
  readPicture(bytes: Uint8Array, width: number, height: number): Promise<RgbFrames>;
  /**
   * A mask picture as one byte per pixel: alpha where the picture has transparent pixels, otherwise luminance.
   * @throws `invalid_mask` when it is not of exactly this size
   */
  readMask(bytes: Uint8Array, width: number, height: number): Promise<Uint8Array>;
  /** Every frame of a clip that this server wrote. @throws `encoder_failed` when it cannot be read */
  readClip(video: Uint8Array): Promise<RgbFrames>;
  /** What is known of the encoders; trying those not known yet begins with the first call and goes on behind it. */
  encoders(): EncoderKnowledge;
  /** Readies the child process, so that the first picture does not wait for it. */
  warm(): Promise<void>;
  close(): Promise<void>;
}

export interface LiveOptions {
  readonly width: number;
  readonly height: number;
  readonly fps: number;
}

/** One frame as an H.264 access unit in Annex B. */
export interface LivePacket {
  /** Decoding can start here: the parameter sets stand before the picture. */
  readonly keyFrame: boolean;
  readonly data: Uint8Array;
}

/** A stream for watching at once: each frame becomes one packet without waiting for later ones. */
export interface LiveEncoder {
  /** One packet per frame, in order. `keyFrame` makes the first of these frames one (for a viewer that joins, or a new chunk). */
  encode(frames: RgbFrames, options?: { keyFrame?: boolean }): Promise<readonly LivePacket[]>;
  close(): Promise<void>;
}

/** Live H.264, for viewers that can decode it; the others get the stills of `Media`. */
export interface LiveMedia {
  /** @throws `unsupported_value` for a size that 4:2:0 cannot have, `encoder_unavailable` where software encoders are not allowed */
  openLive(options: LiveOptions): Promise<LiveEncoder>;
}
