import { createStore } from "../util/create-store.ts";

/** True once the server has asked for a token this page does not have. */
export const loginNeeded = createStore(false);
