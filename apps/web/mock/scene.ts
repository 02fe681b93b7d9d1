/** Little scenes drawn by formula, so that the mock has real pictures without a model. RGB24, `SIZE` x `SIZE`. */
export const SIZE = 128;

type Rgb = readonly [number, number, number];

const COLOURS: Record<string, Rgb> = {
  red: [222, 60, 54],
  blue: [58, 104, 220],
  yellow: [244, 200, 52],
  purple: [146, 76, 204],
  orange: [240, 138, 44],
  green: [56, 160, 88],
  white: [246, 246, 246],
  pink: [240, 124, 170],
};
const SKIES: Record<string, { top: Rgb; bottom: Rgb; ground: Rgb; horizon: number }> = {
  meadow: { top: [126, 190, 240], bottom: [214, 238, 250], ground: [96, 176, 84], horizon: 0.68 },
  sea: { top: [148, 204, 244], bottom: [228, 244, 252], ground: [34, 104, 170], horizon: 0.55 },
  desert: { top: [250, 214, 160], bottom: [254, 240, 210], ground: [222, 178, 112], horizon: 0.66 },
  night: { top: [12, 16, 44], bottom: [34, 40, 88], ground: [26, 30, 58], horizon: 0.8 },
};

export interface Scene {
  colour: Rgb;
  shape: "ball" | "square" | "star";
  sky: keyof typeof SKIES;
  motion: "bounces" | "moves" | "rises" | "circles";
}

/** Reads the words of a prompt the way the embedded model does, only with a smaller vocabulary. */
export function sceneOf(prompt: string): Scene {
  const words = prompt.toLowerCase();
  const find = <T extends string>(names: readonly T[], fallback: T) =>
    names.find((name) => words.includes(name)) ?? fallback;
  const subject = words.split(/ on | over | in /)[0] ?? words;
  return {
    colour: COLOURS[Object.keys(COLOURS).find((name) => subject.includes(name)) ?? "red"]!,
    shape: find(["square", "star", "ball"], "ball"),
    sky: find(["sea", "desert", "night", "meadow"], "meadow"),
    motion: find(["bounces", "rises", "circles", "moves"], "bounces"),
  };
}

const drawn = new Map<string, Uint8Array>();

/** @param time seconds into the clip */
export function drawScene(scene: Scene, time: number): Uint8Array {
  const key = `${JSON.stringify(scene)}@${time}`;
  const pixels = drawn.get(key) ?? paint(scene, time);
  drawn.set(key, pixels);
  return pixels;
}

function paint(scene: Scene, time: number): Uint8Array {
  const { x, y } = position(scene, time);
  const sky = SKIES[scene.sky]!;
  const radius = 0.16;
  const pixels = new Uint8Array(SIZE * SIZE * 3);
  for (let j = 0; j < SIZE; j++) {
    const v = (j + 0.5) / SIZE;
    const back =
      v < sky.horizon
        ? mix(sky.top, sky.bottom, v / sky.horizon)
        : mix(sky.ground, shade(sky.ground, 0.8), (v - sky.horizon) / (1 - sky.horizon));
    for (let i = 0; i < SIZE; i++) {
      const u = (i + 0.5) / SIZE;
      const near = Math.abs(u - x) < radius * 1.5 && Math.abs(v - y) < radius * 1.5;
      const distance = near
        ? distanceTo(scene.shape, (u - x) / radius, (v - y) / radius) * radius * SIZE
        : 1;
      const cover = Math.min(1, Math.max(0, 0.5 - distance));
      const light = 1.12 - 0.1 * ((u - x + v - y) / radius + 1.4);
      const at = (j * SIZE + i) * 3;
      for (let c = 0; c < 3; c++)
        pixels[at + c] = clampByte(mixNumber(back[c]!, scene.colour[c]! * light, cover));
    }
  }
  return pixels;
}

/** Side of a grain of noise, in pixels. */
const GRAIN = 4;
const GRAINS = SIZE / GRAIN;

/** The scene as it stands when `sigma` of it is still noise: blurred into blocks and grained. */
export function drawForming(scene: Scene, time: number, sigma: number): Uint8Array {
  const clean = drawScene(scene, time);
  if (sigma <= 0) return clean;
  const block = Math.max(1, Math.round(sigma * 20));
  const half = block >> 1;
  const noise = Float32Array.from(
    { length: GRAINS * GRAINS },
    (_, k) => (hash(k % GRAINS, Math.floor(k / GRAINS), Math.round(time * 8)) - 0.5) * 190 * sigma,
  );
  const noisy = new Uint8Array(clean.length);
  for (let j = 0; j < SIZE; j++)
    for (let i = 0; i < SIZE; i++) {
      const from =
        (Math.min(SIZE - 1, j - (j % block) + half) * SIZE +
          Math.min(SIZE - 1, i - (i % block) + half)) *
        3;
      const to = (j * SIZE + i) * 3;
      const grain = noise[((j / GRAIN) | 0) * GRAINS + ((i / GRAIN) | 0)]!;
      for (let c = 0; c < 3; c++)
        noisy[to + c] = clampByte(mixNumber(clean[from + c]!, 128, sigma * 0.7) + grain);
    }
  return noisy;
}

function position({ motion }: Scene, time: number): { x: number; y: number } {
  if (motion === "moves") return { x: 0.2 + 0.3 * time, y: 0.56 };
  if (motion === "rises") return { x: 0.5, y: 0.8 - 0.28 * time };
  if (motion === "circles")
    return { x: 0.5 + 0.22 * Math.cos(time * 3), y: 0.48 + 0.22 * Math.sin(time * 3) };
  return { x: 0.5, y: 0.74 - 0.46 * Math.abs(Math.sin(time * Math.PI)) };
}

/** Signed distance to a shape of size 1. */
function distanceTo(shape: Scene["shape"], x: number, y: number): number {
  if (shape === "square") return Math.max(Math.abs(x), Math.abs(y)) - 0.88;
  const length = Math.hypot(x, y);
  if (shape === "ball") return length - 1;
  const angle = Math.atan2(x, -y);
  const sector = ((angle / (2 * Math.PI)) * 5 + 5.5) % 1;
  return (
    length - (0.48 + 0.62 * Math.abs(1 - 2 * sector) ** 0.01 * (1 - Math.abs(sector - 0.5) * 2))
  );
}

function hash(i: number, j: number, k: number): number {
  const value = Math.sin(i * 127.1 + j * 311.7 + k * 74.7) * 43758.5453;
  return value - Math.floor(value);
}
const clampByte = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
const mixNumber = (a: number, b: number, t: number) => a + (b - a) * t;
const mix = (a: Rgb, b: Rgb, t: number): Rgb => [
  mixNumber(a[0], b[0], t),
  mixNumber(a[1], b[1], t),
  mixNumber(a[2], b[2], t),
];
const shade = (a: Rgb, factor: number): Rgb => [a[0] * factor, a[1] * factor, a[2] * factor];
