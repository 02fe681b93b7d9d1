import { configurationMarkdown } from "../apps/server/src/docs/configuration.ts";
import { openApiDocument } from "../apps/server/src/docs/openapi.ts";
import { errorsMarkdown, referenceMarkdown } from "../apps/server/src/docs/reference.ts";
import { VERSION } from "../apps/server/src/process/version.ts";
import { writeGenerated } from "./generated-file.ts";

// Everything here is derived from the contract's endpoint table and error catalogue, and from the settings' table.
writeGenerated("docs/configuration.md", configurationMarkdown());
writeGenerated("docs/errors.md", errorsMarkdown());
writeGenerated("docs/api/reference.md", referenceMarkdown());
writeGenerated("docs/api/openapi.json", `${JSON.stringify(openApiDocument(VERSION), null, 2)}\n`);
