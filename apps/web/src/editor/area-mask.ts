import type { Stroke } from "./editor-state.ts";

interface Size {
  readonly width: number;
  readonly height: number;
}

/** Strokes as a picture of the clip's size: white on black, smooth at the edges. */
export function drawMask(strokes: readonly Stroke[], { width, height }: Size): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d", { willReadFrequently: true })!;
  context.fillStyle = "black";
  context.fillRect(0, 0, width, height);
  context.lineCap = context.lineJoin = "round";
  for (const { erase, size, points } of strokes) {
    context.strokeStyle = erase ? "black" : "white";
    context.lineWidth = (size / 100) * width;
    context.beginPath();
    for (const [x, y] of points) context.lineTo((x / 100) * width, (y / 100) * height);
    // A line without a length would not be drawn.
    const [first] = points;
    if (points.length === 1 && first)
      context.lineTo((first[0] / 100) * width + 0.01, (first[1] / 100) * height);
    context.stroke();
  }
  return canvas;
}

export function maskAsPng(mask: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) =>
    mask.toBlob(
      (blob) => (blob ? resolve(blob) : reject(new Error("The mask could not be drawn."))),
      "image/png",
    ),
  );
}

/** Whether anything is left to change; the server draws the line at half white. */
export function hasPaint(mask: HTMLCanvasElement): boolean {
  const { data } = mask
    .getContext("2d", { willReadFrequently: true })!
    .getImageData(0, 0, mask.width, mask.height);
  return data.some((value, i) => i % 4 === 0 && value >= 128);
}
