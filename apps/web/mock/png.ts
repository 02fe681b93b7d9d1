import { crc32, deflateSync } from "node:zlib";

/** RGB24 as a PNG. Browsers look at the bytes, not at the name, so it may stand for a JPEG. */
export function encodePng(pixels: Uint8Array, width: number, height: number): Buffer {
  const rows = Buffer.alloc(height * (width * 3 + 1));
  for (let j = 0; j < height; j++)
    rows.set(pixels.subarray(j * width * 3, (j + 1) * width * 3), j * (width * 3 + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 1 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** Frames of one size in a grid, row by row. */
export function tile(
  frames: readonly Uint8Array[],
  side: number,
  columns: number,
): { pixels: Uint8Array; width: number; height: number; rows: number } {
  const rows = Math.ceil(frames.length / columns);
  const width = side * columns;
  const pixels = new Uint8Array(width * side * rows * 3);
  frames.forEach((frame, index) => {
    const left = (index % columns) * side;
    const top = Math.floor(index / columns) * side;
    for (let j = 0; j < side; j++)
      pixels.set(frame.subarray(j * side * 3, (j + 1) * side * 3), ((top + j) * width + left) * 3);
  });
  return { pixels, width, height: side * rows, rows };
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([size, body, check]);
}
