import { encodeSafetensors, FabricError, float32Tensor, type Area } from "@arc-fabric/contract";

/** A mask over latents [T, H, W]: 1 = made anew, 0 = kept bit for bit, between = blended. */
export interface LatentMask {
  readonly shape: readonly [frames: number, height: number, width: number];
  readonly values: Float32Array;
}

/** One byte per pixel of a painted mask. */
export interface BrushPixels {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/** Points per cell and axis at which outlines are sampled: a cell that an area only touches is made anew. */
const SAMPLES = 6;
const PAINTED = 128;
/** Sums of fractions come out a little above. */
const MOST_PERCENT = 100.001;

/**
 * The mask of an edit: latent frames [from, to), and in each of them the cells that the area covers or touches.
 * @param feather width of the soft border outside the area, in percent of the picture's width
 * @throws FabricError `range_outside_clip` when a rectangle ends outside the picture, `invalid_mask` when nothing is left to change,
 * `illegal_derivation` when there is no outside to feather
 */
export function latentMask(options: {
  shape: LatentMask["shape"];
  frames: readonly [number, number];
  area: Area | null;
  brush: BrushPixels | null;
  feather: number;
}): LatentMask {
  const { shape, frames, area, brush, feather } = options;
  const [count, height, width] = shape;
  if (area?.shape === "rectangle") checkRectangle(area);
  if (feather > 0 && !area)
    throw new FabricError(
      "illegal_derivation",
      `feather = ${feather} has no effect without an area: the whole picture is made anew. Give an area, or leave feather out.`,
      { details: { field: "feather", value: feather } },
    );
  const cells = coveredCells(area, brush, height, width);
  if (!cells.some(Boolean))
    throw new FabricError("invalid_mask", "The area covers nothing of the picture.", {
      details: { field: "area" },
    });
  const plane = featherCells(cells, height, width, (feather / 100) * width);
  const values = new Float32Array(count * height * width);
  for (let t = frames[0]; t < frames[1]; t++) values.set(plane, t * plane.length);
  return { shape, values };
}

/** The mask as the blob that a plan names. */
export function encodeMask({ shape, values }: LatentMask): Uint8Array<ArrayBuffer> {
  return encodeSafetensors({
    tensors: { mask: float32Tensor(shape, values) },
    metadata: { format: "arc-fabric.mask/1" },
  });
}

/** What sticks out would be cut off without a word. */
function checkRectangle({ x, y, width, height }: Extract<Area, { shape: "rectangle" }>): void {
  for (const [sum, end] of [
    ["x + width", x + width],
    ["y + height", y + height],
  ] as const)
    if (end > MOST_PERCENT)
      throw new FabricError(
        "range_outside_clip",
        `The rectangle ends outside the picture: ${sum} = ${Math.round(end * 1000) / 1000} is more than 100 percent.`,
        { details: { field: "area", value: end, max: 100 } },
      );
}

function coveredCells(
  area: Area | null,
  brush: BrushPixels | null,
  height: number,
  width: number,
): boolean[] {
  const cell = (i: number) => ({ row: Math.floor(i / width), column: i % width });
  return Array.from({ length: height * width }, (_, i) => {
    const { row, column } = cell(i);
    if (!area) return true;
    if (area.shape === "brush") return isPainted(brush!, row, column, height, width);
    for (let y = 0; y < SAMPLES; y++)
      for (let x = 0; x < SAMPLES; x++)
        if (
          isInside(
            area,
            (100 * (column + (x + 0.5) / SAMPLES)) / width,
            (100 * (row + (y + 0.5) / SAMPLES)) / height,
          )
        )
          return true;
    return false;
  });
}

function isPainted(
  brush: BrushPixels,
  row: number,
  column: number,
  height: number,
  width: number,
): boolean {
  const top = Math.floor((row * brush.height) / height);
  const bottom = Math.ceil(((row + 1) * brush.height) / height);
  const left = Math.floor((column * brush.width) / width);
  const right = Math.ceil(((column + 1) * brush.width) / width);
  for (let y = top; y < bottom; y++)
    for (let x = left; x < right; x++) if (brush.data[y * brush.width + x]! >= PAINTED) return true;
  return false;
}

/** @param x, y in percent of the picture */
function isInside(area: Exclude<Area, { shape: "brush" }>, x: number, y: number): boolean {
  if (area.shape === "rectangle")
    return x >= area.x && x < area.x + area.width && y >= area.y && y < area.y + area.height;
  // Even-odd rule: a ray to the right crosses the outline an odd number of times.
  let inside = false;
  area.points.forEach(([x1, y1], i) => {
    const [x2, y2] = area.points[(i + 1) % area.points.length]!;
    if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside;
  });
  return inside;
}

/** Falls linearly from 1 at a covered cell to 0 beyond `reach` cells. */
function featherCells(
  cells: readonly boolean[],
  height: number,
  width: number,
  reach: number,
): Float32Array {
  const covered = cells.flatMap((value, i) => (value ? [i] : []));
  return Float32Array.from({ length: height * width }, (_, i) => {
    if (cells[i]) return 1;
    if (reach === 0) return 0;
    const distance = Math.min(
      ...covered.map((other) =>
        Math.hypot(
          (i % width) - (other % width),
          Math.floor(i / width) - Math.floor(other / width),
        ),
      ),
    );
    return Math.max(0, 1 - distance / (reach + 1));
  });
}
