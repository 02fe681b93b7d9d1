/** Every address of the studio. */
export const paths = {
  create: (takeId?: string) => (takeId ? `/?take=${takeId}` : "/"),
  /** A new take in a session that is there. */
  createIn: (sessionId: string) => `/?session=${sessionId}`,
  library: () => "/takes",
  take: (takeId: string) => `/takes/${takeId}`,
  session: (sessionId: string, takeId?: string) =>
    `/sessions/${sessionId}${takeId ? `?take=${takeId}` : ""}`,
  system: () => "/system",
};
