/** Height of the pictures on the film, in pixels. */
export const FILM_PX = 56;
/** Width of a frame on the film, in pixels; where all blocks do not fit between these the film is scrolled. */
export const FRAME_PX = { min: 9, max: 22 };
