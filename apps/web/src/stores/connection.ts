import type { Connection } from "@arc-fabric/client";
import { createStore } from "../util/create-store.ts";

/** How the event stream stands; what the "server is gone" banner shows. */
export const connection = createStore<Connection>({ status: "connecting", attempt: 0 });
