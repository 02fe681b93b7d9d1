import { cliReference } from "@arc-fabric/cli";

import { writeGenerated } from "./generated-file.ts";

writeGenerated("docs/cli.md", cliReference());
