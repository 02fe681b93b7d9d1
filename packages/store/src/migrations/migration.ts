import type { Kysely } from "kysely";

/** A step of the schema. Once released it is never changed: a later one corrects it. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly name: string;
  up(db: Kysely<any>, dialect: SchemaDialect): Promise<void>;
}

/** What differs between dialects in a schema. */
export interface SchemaDialect {
  /** Type of an integer key that the database counts up and never uses twice. */
  readonly countedKey: "integer";
  /** What stands after a table's columns. */
  readonly tableOptions: string;
}

export const SQLITE_SCHEMA: SchemaDialect = { countedKey: "integer", tableOptions: "strict" };
