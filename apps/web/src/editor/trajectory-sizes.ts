/** Height of a take in the trajectory, in pixels. */
export const ROW_PX = 46;
