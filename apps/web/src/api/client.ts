import { createClient } from "@arc-fabric/client";

/** The page's own server. */
export const client = createClient({ baseUrl: "" });
