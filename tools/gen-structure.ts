import { isTestFile, packageOf, readImports, readWorkspaces } from "./import-graph.ts";
import { writeGenerated } from "./generated-file.ts";

/** Writes docs/architecture/structure.md: the arrows between workspaces as the shipped imports draw them. */
const workspaces = readWorkspaces().toSorted((a, b) => a.folder.localeCompare(b.folder));
const byName = new Map(workspaces.map((workspace) => [workspace.name, workspace.folder]));

const arrows = new Set<string>();
for (const { file, specifier } of readImports()) {
  const from = workspaces.find(({ folder }) => file.startsWith(`${folder}/`))?.folder;
  const to = byName.get(packageOf(specifier));
  if (from && to && from !== to && !isTestFile(file)) arrows.add(`${id(from)} --> ${id(to)}`);
}

/** Mermaid node ids cannot hold a slash. */
function id(folder: string): string {
  return folder.replace("/", "_");
}

writeGenerated(
  "docs/architecture/structure.md",
  `# Structure

Generated from the imports of the shipped sources (\`npm run gen\`). A test refuses every arrow that \`tools/import-direction.ts\`
does not allow. The server starts runtimes by path, as processes of their own, so no arrow leads to them.

\`\`\`mermaid
flowchart TD
${workspaces.map(({ folder }) => `  ${id(folder)}["${folder}"]`).join("\n")}
${[...arrows]
  .toSorted()
  .map((arrow) => `  ${arrow}`)
  .join("\n")}
\`\`\`
`,
);
