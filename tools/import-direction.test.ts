import { describe, expect, it } from "vitest";

import { ALLOWED, wrongArrow, wrongDependencies } from "./import-direction.ts";
import { importsOf, readImports, readWorkspaces } from "./import-graph.ts";

const workspaces = readWorkspaces();

describe("the repository", () => {
  it("has no import that points against the arrows of the design", () => {
    expect(readImports().flatMap((edge) => wrongArrow(edge, workspaces) ?? [])).toEqual([]);
  });

  it("declares no dependency that points against the arrows", () => {
    expect(workspaces.flatMap(wrongDependencies)).toEqual([]);
  });

  it("has every workspace in the table and no other", () => {
    expect(workspaces.map(({ folder }) => folder).toSorted()).toEqual(
      Object.keys(ALLOWED).toSorted(),
    );
  });
});

describe("the check itself refuses", () => {
  const refused: [file: string, source: string, because: RegExp][] = [
    ["packages/contract/src/a.ts", `import { x } from "@arc-fabric/core";`, /wrong arrow/],
    ["packages/store/src/a.ts", `export * from "@arc-fabric/media";`, /wrong arrow/],
    ["apps/web/src/a.ts", `await import("@arc-fabric/core");`, /wrong arrow/],
    ["packages/core/src/a.ts", `import type { X } from "@arc-fabric/store";`, /wrong arrow/],
    [
      "packages/core/src/a.ts",
      `import { x } from "@arc-fabric/contract/src/x.ts";`,
      /not exported/,
    ],
    [
      "packages/core/src/a.ts",
      `import { x } from "../../contract/src/x.ts";`,
      /leaves its workspace/,
    ],
    ["packages/core/src/a.ts", `import { x } from "./x";`, /no file extension/],
    ["packages/core/src/a.ts", `import { readFile } from "node:fs/promises";`, /does I\/O/],
    ["packages/client/src/a.ts", `import { EventEmitter } from "node:events";`, /browser/],
    ["packages/core/src/a.ts", `import fastify from "fastify";`, /not declared/],
    ["bench/a.ts", `import { x } from "../packages/core/src/x.ts";`, /by name/],
  ];
  it.each(refused)("%s: %s", (file, source, because) => {
    const [edge] = importsOf(file, source);
    expect(edge && wrongArrow(edge, workspaces)).toMatch(because);
  });

  it("and accepts what the design allows", () => {
    const accepted = [
      ["packages/core/src/a.ts", `import { createHash } from "node:crypto";`],
      ["packages/store/src/a.ts", `import { x } from "@arc-fabric/core";`],
      ["packages/core/src/a.test.ts", `import { it } from "vitest";`],
      ["apps/server/src/a.ts", `import fastify from "fastify"; import "./b.ts";`],
      ["bench/a.ts", `import { x } from "@arc-fabric/core";`],
    ] as const;
    const edges = accepted.flatMap(([file, source]) => importsOf(file, source));
    expect(edges.flatMap((edge) => wrongArrow(edge, workspaces) ?? [])).toEqual([]);
  });
});
