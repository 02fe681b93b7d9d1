import { invariant } from "@arc-fabric/contract";
import type { Compilable, CompiledQuery } from "kysely";
import type { Queries } from "./database.ts";

/** Stands for a value while a query is compiled; tells afterwards which value belongs at which place. */
class Placeholder {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A query that is built and compiled once per database and then only run: building one with Kysely costs as much as
 * running it, and a create has six. `build` sees placeholders, so it may pass values on but not look at them.
 */
export function prepared<Values extends Record<string, string | number | null>, Row>(
  build: (db: Queries, values: Values) => Compilable<Row>,
): (db: Queries, values: Values) => Promise<Row[]> {
  const compiledFor = new WeakMap<Queries, CompiledQuery<Row>>();
  return async (db, values) => {
    let compiled = compiledFor.get(db);
    if (!compiled) {
      compiled = build(db, placeholders<Values>()).compile();
      compiledFor.set(db, compiled);
    }
    const parameters = compiled.parameters.map((value) =>
      value instanceof Placeholder ? known(values, value.name) : value,
    );
    return (await db.executeQuery<Row>({ ...compiled, parameters })).rows;
  };
}

function placeholders<Values>(): Values {
  return new Proxy({}, { get: (_, name) => new Placeholder(String(name)) }) as Values;
}

function known(values: Record<string, unknown>, name: string): unknown {
  const value = values[name];
  invariant(value !== undefined, `a prepared query is given its value "${name}"`);
  return value;
}
