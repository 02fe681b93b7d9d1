import type { Area, DeriveRequest, TakeParameters } from "@arc-fabric/contract";
import { drawForming, sceneOf, SIZE } from "./scene.ts";

/** What a take shows: frame `index` when `sigma` of it is still noise. */
export interface Drawing {
  readonly count: number;
  readonly frame: (index: number, sigma: number) => Uint8Array;
}

export function drawingOf({ prompt, num_frames, fps }: TakeParameters): Drawing {
  const scene = sceneOf(prompt);
  return { count: num_frames, frame: (i, sigma) => drawForming(scene, i / fps, sigma) };
}

/** The picture of a derived take: its parent's where that is kept, the new prompt's elsewhere. */
export function derivedDrawing(
  request: DeriveRequest,
  parameters: TakeParameters,
  parent: Drawing,
  others: readonly Drawing[],
): Drawing {
  const fresh = drawingOf(parameters);
  const join = (parts: readonly Drawing[]): Drawing => ({
    count: parts.reduce((sum, part) => sum + part.count, 0),
    frame(index, sigma) {
      let rest = index;
      for (const part of parts) {
        if (rest < part.count) return part.frame(rest, sigma);
        rest -= part.count;
      }
      return parent.frame(parent.count - 1, sigma);
    },
  });
  const kept = (from: number, to: number): Drawing => ({
    count: to - from,
    frame: (i) => parent.frame(from + i, 0),
  });
  const made = (from: number, count: number): Drawing => ({
    count,
    frame: (i, sigma) => fresh.frame(from + i, sigma),
  });
  switch (request.kind) {
    case "fork":
      return fresh;
    case "continue":
      return made(
        others.reduce((sum, { count }) => sum + count, 0),
        request.num_frames,
      );
    case "finalize":
      return join(others);
    case "edit": {
      const [from, to] = editedFrames(request, parent.count, parameters.fps);
      const covers = coverOf(request.area);
      return {
        count: parent.count,
        frame(index, sigma) {
          const old = parent.frame(index, 0);
          return index < from || index >= to ? old : blend(old, fresh.frame(index, sigma), covers);
        },
      };
    }
    case "extend":
      return request.direction === "forward"
        ? join([kept(0, parent.count), made(parent.count, request.num_frames)])
        : join([made(-request.num_frames, request.num_frames), kept(0, parent.count)]);
    case "insert":
      return join([
        kept(0, request.at_frame),
        made(request.at_frame, request.num_frames),
        kept(request.at_frame, parent.count),
      ]);
    case "loop":
      return join([kept(0, parent.count), made(parent.count, request.num_frames)]);
    case "concatenate":
      return join([kept(0, parent.count), ...others]);
  }
}

type Range = { frames?: [number, number] | undefined; seconds?: [number, number] | undefined };
export function editedFrames({ frames, seconds }: Range, count: number, fps: number) {
  if (frames) return frames;
  if (seconds) return [Math.floor(seconds[0] * fps), Math.ceil(seconds[1] * fps)] as const;
  return [0, count] as const;
}

type Covers = (x: number, y: number) => boolean;
/** In percent of the picture. A brush's mask is not read here: it counts as a disc in the middle. */
export function coverOf(area: Area | undefined): Covers {
  if (!area) return () => true;
  if (area.shape === "rectangle")
    return (x, y) =>
      x >= area.x && y >= area.y && x < area.x + area.width && y < area.y + area.height;
  if (area.shape === "brush") return (x, y) => Math.hypot(x - 50, y - 50) < 30;
  const { points } = area;
  return (x, y) => {
    let inside = false;
    for (let i = 0, j = points.length - 1; i < points.length; j = i++) {
      const [[ax, ay], [bx, by]] = [points[i]!, points[j]!];
      if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
    }
    return inside;
  };
}

function blend(old: Uint8Array, fresh: Uint8Array, covers: Covers): Uint8Array {
  const pixels = old.slice();
  for (let j = 0; j < SIZE; j++)
    for (let i = 0; i < SIZE; i++)
      if (covers(((i + 0.5) / SIZE) * 100, ((j + 0.5) / SIZE) * 100)) {
        const at = (j * SIZE + i) * 3;
        pixels.set(fresh.subarray(at, at + 3), at);
      }
  return pixels;
}
