import { type PictureSize, RGB_CHANNELS, type SheetLayout } from "../protocol.ts";
import { blit, encodeJpeg, scalePicture } from "./pictures.ts";

/** A tile is for finding a place in the clip, not for looking at. */
const MAX_TILE_EDGE = 256;
/** Keeps the sheet under 50 MB while it is put together and inside what browsers decode without trouble. */
const MAX_SHEET_EDGE = 4096;

/** Tiles in a grid as square as the count allows, scaled down where they or the sheet would become too large. */
export function sheetLayout(size: PictureSize, count: number): SheetLayout {
  const columns = Math.ceil(Math.sqrt(count));
  const rows = Math.ceil(count / columns);
  const scale = Math.min(
    1,
    MAX_TILE_EDGE / Math.max(size.width, size.height),
    MAX_SHEET_EDGE / (columns * size.width),
    MAX_SHEET_EDGE / (rows * size.height),
  );
  return {
    columns,
    rows,
    frameWidth: Math.max(1, Math.floor(size.width * scale)),
    frameHeight: Math.max(1, Math.floor(size.height * scale)),
  };
}

/** Every frame of a clip in one picture, put together as the frames come. */
export class SpriteSheet {
  readonly layout: SheetLayout;
  readonly #frame: PictureSize;
  readonly #tile: PictureSize;
  readonly #sheet: PictureSize;
  readonly #canvas: Uint8Array;
  #added = 0;

  constructor(frame: PictureSize, count: number) {
    this.layout = sheetLayout(frame, count);
    this.#frame = frame;
    this.#tile = { width: this.layout.frameWidth, height: this.layout.frameHeight };
    this.#sheet = {
      width: this.#tile.width * this.layout.columns,
      height: this.#tile.height * this.layout.rows,
    };
    this.#canvas = new Uint8Array(this.#sheet.width * this.#sheet.height * RGB_CHANNELS);
  }

  async add(rgb: Uint8Array): Promise<void> {
    const tile = await scalePicture(rgb, this.#frame, this.#tile);
    const column = this.#added % this.layout.columns;
    const row = Math.floor(this.#added / this.layout.columns);
    blit(
      this.#canvas,
      this.#sheet.width,
      tile,
      this.#tile,
      column * this.#tile.width,
      row * this.#tile.height,
    );
    this.#added += 1;
  }

  async toJpeg(): Promise<Uint8Array> {
    return encodeJpeg(this.#canvas, this.#sheet);
  }
}
