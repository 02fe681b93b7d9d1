import type * as Sqlite from "node:sqlite";

/**
 * `node:sqlite` without the line "SQLite is an experimental feature" that Node prints when the module is first loaded:
 * it says nothing a user of the server could act on. Only that warning is dropped, and only while the module loads.
 */
export function loadSqlite(): typeof Sqlite {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (String(warning).startsWith("SQLite is an experimental feature")) return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return process.getBuiltinModule("node:sqlite");
  } finally {
    process.emitWarning = emitWarning;
  }
}
