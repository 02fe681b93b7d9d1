import { FabricError } from "@arc-fabric/contract";
import { type FileHandle, open } from "node:fs/promises";

export interface Mp4Box {
  readonly type: string;
  readonly offset: number;
  readonly bytes: number;
}

const BOX_HEADER_BYTES = 8;
const LARGE_HEADER_BYTES = 16;

/** The top-level boxes of a file. @throws `encoder_failed` when they do not fill it exactly, as after a write that was cut short */
export async function readMp4Boxes(path: string): Promise<Mp4Box[]> {
  const file = await open(path, "r");
  try {
    return await walk(file, (await file.stat()).size);
  } finally {
    await file.close();
  }
}

async function walk(file: FileHandle, size: number): Promise<Mp4Box[]> {
  const boxes: Mp4Box[] = [];
  let offset = 0;
  while (offset < size) {
    const box = await readBox(file, offset);
    if (box.bytes < BOX_HEADER_BYTES || offset + box.bytes > size)
      throw new FabricError(
        "encoder_failed",
        `The written video is damaged: box ${box.type} at ${offset} claims ${box.bytes} of ${size} bytes.`,
      );
    boxes.push(box);
    offset += box.bytes;
  }
  return boxes;
}

/** @throws `encoder_failed` unless the index stands before the media, so that playing can begin with the first bytes */
export async function checkFaststart(path: string): Promise<void> {
  const types = (await readMp4Boxes(path)).map((box) => box.type);
  const index = types.indexOf("moov");
  const media = types.indexOf("mdat");
  if (index < 0 || media < 0 || index > media)
    throw new FabricError(
      "encoder_failed",
      `The written video has its boxes in the order ${types.join(", ")}; moov must stand before mdat.`,
    );
}

async function readBox(file: FileHandle, offset: number): Promise<Mp4Box> {
  const header = new DataView(new ArrayBuffer(LARGE_HEADER_BYTES));
  await file.read(header, 0, LARGE_HEADER_BYTES, offset);
  const type = String.fromCharCode(...[4, 5, 6, 7].map((index) => header.getUint8(index)));
  const bytes = header.getUint32(0);
  return {
    type,
    offset,
    bytes: bytes === 1 ? Number(header.getBigUint64(BOX_HEADER_BYTES)) : bytes,
  };
}
