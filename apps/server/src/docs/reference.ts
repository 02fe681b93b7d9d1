import { type Endpoint, ENDPOINT_LIST, ERROR_CATALOGUE, ERROR_CODES } from "@arc-fabric/contract";
import { escapeHtml, page } from "../http/page-shell.ts";
import { bodyTables, type Field, fieldsOf } from "./field-list.ts";

const TAGS = [
  "takes",
  "sessions",
  "models",
  "artifacts",
  "files",
  "streams",
  "events",
  "system",
  "openai",
] as const;
const TAG_TITLES: Readonly<Record<Endpoint["tag"], string>> = {
  takes: "Takes",
  sessions: "Sessions",
  models: "Models",
  artifacts: "Artifacts",
  files: "Files",
  streams: "Streams",
  events: "Events",
  system: "System",
  openai: "OpenAI Videos shape",
};

const endpointsOf = (tag: Endpoint["tag"]) =>
  ENDPOINT_LIST.filter(([, endpoint]) => endpoint.tag === tag);
const inputsOf = ({ params, query, body }: Endpoint): [string, Field[]][] => [
  ["Address", fieldsOf(params, true)],
  ["Query", fieldsOf(query, true)],
  ...bodyTables(body),
];

const INTRODUCTION =
  "Send and receive JSON. Every create takes an Idempotency-Key. Errors are application/problem+json with a code of the error list and a request id; addresses under /v1 answer in the OpenAI shape. With a token set, send Authorization: Bearer <token>. Each address lists the errors of its own; the ones that any request can have (a broken body, an unknown field, a missing token) are in the error list.";

/** The reference page at /docs. */
export function referencePage(version: string): string {
  const sections = TAGS.map(
    (tag) =>
      `<h2 id="${tag}">${TAG_TITLES[tag]}</h2>\n${endpointsOf(tag)
        .map(([operation, endpoint]) => endpointHtml(operation, endpoint))
        .join("\n")}`,
  );
  const links = TAGS.map((tag) => `<a href="#${tag}">${TAG_TITLES[tag]}</a>`).join("");
  return page(
    "API reference",
    `<h1>API reference</h1>
<p class="lead">Arc Fabric ${escapeHtml(version)}</p>
<p>${escapeHtml(INTRODUCTION)}</p>
<nav>${links}<a href="/docs/errors">Errors</a><a href="/openapi.json">OpenAPI 3.1</a></nav>
${sections.join("\n")}`,
  );
}

function endpointHtml(operation: string, endpoint: Endpoint): string {
  const tables = inputsOf(endpoint).map(([title, fields]) =>
    fields.length > 0 ? fieldTable(title, fields) : "",
  );
  const errors = endpoint.errors.map(
    (code) => `<a href="/docs/errors#${code}"><code>${code}</code></a>`,
  );
  return `<section class="endpoint" id="${operation}">
<h3><span class="method">${endpoint.method}</span><code>${escapeHtml(endpoint.path)}</code></h3>
<p>${escapeHtml(endpoint.summary)}.${endpoint.description ? ` ${escapeHtml(endpoint.description)}` : ""}</p>
${tables.join("")}
<p class="soft">Answers: ${escapeHtml(answerText(endpoint))}</p>
${errors.length > 0 ? `<p class="soft">Errors: ${errors.join(" ")}</p>` : ""}
</section>`;
}

function fieldTable(title: string, fields: readonly Field[]): string {
  const rows = fields.map(
    ({ name, type, required, description }) =>
      `<tr><td><code>${escapeHtml(name)}</code>${required ? "" : ' <span class="soft">optional</span>'}</td><td>${escapeHtml(type)}</td><td>${escapeHtml(description)}</td></tr>`,
  );
  return `<div class="wide"><table><thead><tr><th scope="col">${title}</th><th scope="col">Type</th><th scope="col"></th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`;
}

function answerText({ response }: Endpoint): string {
  switch (response.kind) {
    case "json":
      return `${response.status} application/json`;
    case "file":
      return `${response.streamed ? "200" : "200 or 206"} ${response.mediaTypes.join(", ")}`;
    case "events":
      return "200 text/event-stream";
    case "text":
      return `200 ${response.mediaType}`;
    case "socket":
      return "101, then WebSocket messages";
  }
}

/** The error list at /docs/errors. */
export function errorsPage(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, title, retryable, remedy } = ERROR_CATALOGUE[code];
    return `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escapeHtml(title)}. ${escapeHtml(remedy)}${retryable ? ' <span class="soft">May be tried again.</span>' : ""}</td></tr>`;
  });
  return page(
    "Errors",
    `<h1>Errors</h1>
<p class="lead">Every error has one of these codes.</p>
<nav><a href="/docs">API reference</a></nav>
<div class="wide"><table><thead><tr><th scope="col">Code</th><th scope="col">Status</th><th scope="col">What happened and what to do</th></tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
  );
}

/** docs/errors.md */
export function errorsMarkdown(): string {
  const rows = ERROR_CODES.map((code) => {
    const { status, title, retryable, remedy } = ERROR_CATALOGUE[code];
    return `| \`${code}\` | ${status} | ${title} | ${retryable ? "yes" : "no"} | ${remedy} |`;
  });
  return `# Errors

Generated from the error catalogue (\`npm run gen\`). Every error of the API, of the event log and of the command line has one of these codes.

| code | HTTP status | what happened | may be tried again | what to do |
| --- | --- | --- | --- | --- |
${rows.join("\n")}
`;
}

/** docs/api/reference.md */
export function referenceMarkdown(): string {
  const sections = TAGS.map(
    (tag) =>
      `## ${TAG_TITLES[tag]}\n\n${endpointsOf(tag)
        .map(([, endpoint]) => endpointMarkdown(endpoint))
        .join("\n\n")}`,
  );
  return `# API reference

Generated from the endpoint table (\`npm run gen\`). A running server shows the same at \`/docs\`, and as OpenAPI 3.1 at \`/openapi.json\`.

${INTRODUCTION}

${sections.join("\n\n")}
`;
}

function endpointMarkdown(endpoint: Endpoint): string {
  const lists = inputsOf(endpoint).map(([title, fields]) => {
    const lines = fields.map(
      ({ name, type, required, description }) =>
        `- \`${name}\`${required ? "" : " (optional)"}: ${[type, description].filter(Boolean).join(". ")}`,
    );
    return lines.length > 0 ? `${title}:\n\n${lines.join("\n")}` : "";
  });
  const errors =
    endpoint.errors.length > 0
      ? `Errors: ${endpoint.errors.map((code) => `\`${code}\``).join(", ")}`
      : "";
  const summary = `${endpoint.summary}.${endpoint.description ? ` ${endpoint.description}` : ""}`;
  return [
    `### ${endpoint.method} ${endpoint.path}`,
    summary,
    ...lists,
    `Answers: ${answerText(endpoint)}`,
    errors,
  ]
    .filter(Boolean)
    .join("\n\n");
}
