/** How frames reach an encoder: as ordinary memory, or uploaded to a device first. */
export type FrameUpload = "none" | "vaapi" | "vulkan";

export interface EncoderEntry {
  readonly name: string;
  readonly hardware: boolean;
  readonly pixelFormat: "yuv420p" | "nv12";
  readonly upload: FrameUpload;
  /** Options at constant quality. `small` marks pictures of which every pixel counts. */
  options(small: boolean): Readonly<Record<string, string>>;
}

export const SOFTWARE_ENCODER = "libx264";

/** Below this many pixels the software encoder is faster than the round trip to a device (686 frames/s at 128x128, preset medium). */
export const LARGE_PICTURE_PIXELS = 640 * 360;

/** In order of preference. The vendors' encoders sit in one binary, so which of them works is found out at run time. */
export const ENCODERS: readonly EncoderEntry[] = [
  hardware("h264_amf", "nv12", "none", { usage: "transcoding", quality: "quality", rc: "cqp", qp_i: "18", qp_p: "20" }),
  hardware("h264_nvenc", "yuv420p", "none", { preset: "p5", rc: "vbr", cq: "19", b: "0" }),
  hardware("h264_qsv", "nv12", "none", { preset: "medium", global_quality: "19" }),
  hardware("h264_vaapi", "nv12", "vaapi", { rc_mode: "CQP", qp: "19" }),
  hardware("h264_vulkan", "nv12", "vulkan", { rc_mode: "cqp", qp: "19" }),
  hardware("h264_videotoolbox", "nv12", "none", { global_quality: "8260", flags: "+qscale", allow_sw: "0" }),
  {
    name: SOFTWARE_ENCODER,
    hardware: false,
    pixelFormat: "yuv420p",
    upload: "none",
    options: (small) => ({ preset: small ? "medium" : "veryfast", crf: small ? "16" : "18" }),
  },
];

export function findEncoder(name: string): EncoderEntry | undefined {
  return ENCODERS.find((entry) => entry.name === name);
}

function hardware(name: string, pixelFormat: EncoderEntry["pixelFormat"], upload: FrameUpload, options: Record<string, string>): EncoderEntry {
  return { name, hardware: true, pixelFormat, upload, options: () => options };
}
