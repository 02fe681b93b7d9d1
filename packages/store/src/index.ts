export { openBlobStore, type BlobStoreDeps } from "./open-blob-store.ts";
export { openDataDirectory, type DataDirectory } from "./open-data-directory.ts";
export { openStore, type StoreDeps } from "./open-store.ts";
