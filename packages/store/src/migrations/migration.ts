import type { CreateTableBuilder, Kysely } from "kysely";

/** A step of the schema. Once released it is never changed: a later one corrects it. */
export interface Migration {
  /** 1, 2, 3, … without gaps. */
  readonly version: number;
  readonly name: string;
  // A migration works with the tables of its time, which the present table types do not describe.
  up(db: Kysely<any>, dialect: SchemaDialect): Promise<void>;
}

type AnyTable = CreateTableBuilder<string, string>;

/** What differs between dialects in a schema. */
export interface SchemaDialect {
  /** Integer of 64 bits. */
  readonly long: "integer" | "bigint";
  /** Floating point number of 64 bits. */
  readonly double: "real" | "double precision";
  /** What stands after a table's columns. */
  readonly tableOptions: string;
  /** An integer key that the database counts up and never gives out twice. */
  addCountedKey(table: AnyTable, name: string): AnyTable;
}

export const SQLITE_SCHEMA: SchemaDialect = {
  long: "integer",
  double: "real",
  tableOptions: "strict",
  addCountedKey: (table, name) =>
    table.addColumn(name, "integer", (column) => column.primaryKey().autoIncrement()),
};
