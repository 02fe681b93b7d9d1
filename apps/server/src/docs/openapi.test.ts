import { ENDPOINT_LIST } from "@arc-fabric/contract";
import { expect, it } from "vitest";
import { openApiDocument } from "./openapi.ts";
import { referencePage } from "./reference.ts";

const document = openApiDocument("1.0.0") as {
  openapi: string;
  paths: Record<
    string,
    Record<
      string,
      {
        operationId: string;
        responses: Record<string, unknown>;
        parameters: { name: string; in: string }[];
      }
    >
  >;
  components: { schemas: Record<string, unknown> };
};

it("describes every endpoint of the table and no other", () => {
  const described = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map(({ operationId }) => operationId),
  );
  expect(described.toSorted()).toEqual(ENDPOINT_LIST.map(([operation]) => operation).toSorted());
});

it("refers only to schemas it has", () => {
  const references = [
    ...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g),
  ].map(([, name]) => name);
  expect(references.length).toBeGreaterThan(20);
  for (const name of references) expect(Object.keys(document.components.schemas)).toContain(name);
  expect(JSON.stringify(document)).not.toContain("$defs");
});

it("says what its named schemas are made of", () => {
  const { schemas } = document.components;
  for (const [name, schema] of Object.entries(schemas)) {
    expect(schema).not.toHaveProperty("id");
    expect(schema, name).not.toHaveProperty("$ref");
  }
  expect(schemas["Take"]).toHaveProperty("properties.plan.$ref", "#/components/schemas/Plan");
  expect(schemas["TakeRequest"]).toHaveProperty("properties.reuse.description");
});

it("names every parameter of every address", () => {
  for (const [path, methods] of Object.entries(document.paths))
    for (const operation of Object.values(methods))
      for (const [, name] of path.matchAll(/\{(\w+)\}/g))
        expect(operation.parameters).toContainEqual(expect.objectContaining({ name, in: "path" }));
});

it("the reference page shows every address, and escapes what it shows", () => {
  const html = referencePage("<1>");
  for (const [operation] of ENDPOINT_LIST) expect(html).toContain(`id="${operation}"`);
  expect(html).toContain("&lt;1&gt;");
});
