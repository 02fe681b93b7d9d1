export { createMedia, type MediaDeps } from "./create-media.ts";
