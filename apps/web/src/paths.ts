/** Every address of the studio. */
export const paths = {
  create: (takeId?: string) => (takeId ? `/?take=${takeId}` : "/"),
  library: () => "/takes",
  take: (takeId: string) => `/takes/${takeId}`,
  system: () => "/system",
};
