/** How frames reach an encoder: as ordinary memory, or uploaded to a device first. */
export type FrameUpload = "none" | "vaapi" | "vulkan";

export interface EncoderEntry {
  readonly name: string;
  readonly hardware: boolean;
  readonly pixelFormat: "yuv420p" | "nv12";
  readonly upload: FrameUpload;
  /** Where its devices show up, by platform; a platform that is not listed cannot have it, an empty list is not looked at. */
  readonly devices: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>>;
  /** Options at constant quality. `small` marks pictures of which every pixel counts. */
  options(small: boolean): Readonly<Record<string, string>>;
}

export const SOFTWARE_ENCODER = "libx264";

/** Below this many pixels the software encoder is faster than the round trip to a device (686 frames/s at 128x128, preset medium). */
export const LARGE_PICTURE_PIXELS = 640 * 360;

/** /dev/dxg is the graphics card inside WSL. */
const GRAPHICS = { linux: ["/dev/dri", "/dev/dxg", "/dev/nvidiactl"], win32: [] };
const NVIDIA = { linux: ["/dev/nvidiactl", "/dev/dxg"], win32: [] };

/** In order of preference. The vendors' encoders sit in one binary, so which of them works is found out at run time. */
export const ENCODERS: readonly EncoderEntry[] = [
  hardware("h264_amf", "nv12", "none", GRAPHICS, {
    usage: "transcoding",
    quality: "quality",
    rc: "cqp",
    qp_i: "18",
    qp_p: "20",
  }),
  hardware("h264_nvenc", "yuv420p", "none", NVIDIA, { preset: "p5", rc: "vbr", cq: "19", b: "0" }),
  hardware("h264_qsv", "nv12", "none", GRAPHICS, { preset: "medium", global_quality: "19" }),
  hardware("h264_vaapi", "nv12", "vaapi", GRAPHICS, { rc_mode: "CQP", qp: "19" }),
  hardware("h264_vulkan", "nv12", "vulkan", GRAPHICS, { rc_mode: "cqp", qp: "19" }),
  hardware(
    "h264_videotoolbox",
    "nv12",
    "none",
    { darwin: [] },
    { global_quality: "8260", flags: "+qscale", allow_sw: "0" },
  ),
  {
    name: SOFTWARE_ENCODER,
    hardware: false,
    pixelFormat: "yuv420p",
    upload: "none",
    devices: { linux: [], darwin: [], win32: [] },
    // mbtree reads memory it has not written where a row has no multiple of 16 macroblocks: of 200 equal clips of 240x240 28 came out
    // with other bytes, of 500 of 112x112 294 (x264 core 165, AVX-512); without it none of 1,000. Equal frames must give equal files.
    options: (small) => ({
      preset: small ? "medium" : "veryfast",
      crf: small ? "16" : "18",
      mbtree: "0",
    }),
  },
];

export function findEncoder(name: string): EncoderEntry | undefined {
  return ENCODERS.find((entry) => entry.name === name);
}

function hardware(
  name: string,
  pixelFormat: EncoderEntry["pixelFormat"],
  upload: FrameUpload,
  devices: EncoderEntry["devices"],
  options: Record<string, string>,
): EncoderEntry {
  return { name, hardware: true, pixelFormat, upload, devices, options: () => options };
}
