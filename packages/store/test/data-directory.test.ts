import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFile,
  copyFile,
  mkdir,
  readdir,
  readFile,
  stat,
  truncate,
  writeFile,
} from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { expect, onTestFinished, test, vi } from "vitest";
import { openDataDirectory, openStore } from "@arc-fabric/store";
import { Maker, testLogger, testSystem } from "./support/fixtures.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

// Each child loads the whole package; on a busy machine that alone takes seconds.
vi.setConfig({ testTimeout: 60_000 });

const HOLDER = path.join(import.meta.dirname, "support/lock-holder.ts");

/** A process that opens the directory and says what came of it: "locked", or the error's code. */
async function holder(directory: string, ...flags: string[]) {
  const child = spawn(process.execPath, [HOLDER, directory, ...flags], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const [line] = (await once(createInterface(child.stdout), "line")) as [string];
  return { child, line };
}

test("a new directory is made with its parents, for its owner only", async () => {
  const directory = path.join(await temporaryDirectory(), "a/b/data");
  const data = await openDataDirectory(directory);
  expect(data.path).toBe(directory);
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
  await data.close();
});

test("two servers on one directory: the second is refused and told who the first is, until it closes", async () => {
  const directory = await temporaryDirectory();
  const data = await openDataDirectory(directory);
  await expect(openDataDirectory(directory)).rejects.toMatchObject({ code: "data_dir_locked" });
  const other = await holder(directory);
  expect(other.line).toBe(`data_dir_locked Another server (process ${process.pid}`);
  await data.close();
  await data.close();
  expect((await holder(directory)).line).toBe("locked");
  await expect(openDataDirectory(directory)).rejects.toMatchObject({ code: "data_dir_locked" });
});

test("the lock of a process that was killed with -9 is gone, although nobody has cleaned up", async () => {
  const directory = await temporaryDirectory();
  const { child, line } = await holder(directory);
  expect(line).toBe("locked");
  expect(JSON.parse(await readFile(path.join(directory, "lock.json"), "utf8"))).toMatchObject({
    pid: child.pid,
  });
  child.kill("SIGKILL");
  await once(child, "exit");
  const data = await openDataDirectory(directory);
  await data.close();
});

test("a directory that cannot be made or written is refused by name", async () => {
  const directory = await temporaryDirectory();
  const file = path.join(directory, "file");
  await writeFile(file, "");
  for (const place of [file, path.join(file, "below"), "/proc/arc-fabric"]) {
    const refused = openDataDirectory(place);
    await expect(refused).rejects.toMatchObject({
      code: "data_dir_unwritable",
      message: expect.stringContaining(place),
    });
  }
});

test("a directory without write access is refused, and nothing is put into it", async ({
  skip,
}) => {
  if (process.getuid === undefined) skip("users are told apart by number only on POSIX systems");
  const directory = path.join(await temporaryDirectory(), "data");
  await mkdir(directory, { mode: 0o555 });
  // Root may write anywhere; the child gives that right up after its modules are loaded.
  const { line } = await holder(directory, "--as-nobody");
  expect(line).toMatch(/^data_dir_unwritable /);
  expect(await readdir(directory)).toEqual([]);
});

test("a directory of a newer version is refused and left as it is", async () => {
  const directory = await temporaryDirectory();
  await writeFile(path.join(directory, "layout.json"), '{"layout": 999}');
  await expect(openDataDirectory(directory)).rejects.toMatchObject({
    code: "data_dir_newer",
    details: { present: 999 },
  });
  expect(await readdir(directory)).toEqual(["layout.json"]);
});

test("a torn layout file is refused by name", async () => {
  const directory = await temporaryDirectory();
  await writeFile(path.join(directory, "layout.json"), '{"lay');
  await expect(openDataDirectory(directory)).rejects.toMatchObject({
    code: "data_dir_damaged",
    message: expect.stringContaining("layout.json"),
  });
});

test("a database that is torn or no database is refused by name, and not replaced by an empty one", async () => {
  const deps = { system: testSystem(), logger: testLogger() };
  const torn = await temporaryDirectory();
  const store = await openStore({ directory: torn, ...deps });
  await new Maker(store).session();
  await store.close();
  await truncate(path.join(torn, "arc-fabric.sqlite"), 5000);
  await expect(openStore({ directory: torn, ...deps })).rejects.toMatchObject({
    code: "data_dir_damaged",
  });

  const foreign = await temporaryDirectory();
  const file = path.join(foreign, "arc-fabric.sqlite");
  const text = "this is not a database, but somebody's diary; ".repeat(100);
  await writeFile(file, text);
  await expect(openStore({ directory: foreign, ...deps })).rejects.toMatchObject({
    code: "data_dir_damaged",
  });
  expect(await readFile(file, "utf8")).toBe(text);
});

test("the torn end of the write-ahead log, which a power cut leaves, is left out and the rest is there", async () => {
  const directory = await temporaryDirectory();
  const deps = { directory, system: testSystem(), logger: testLogger() };
  const store = await openStore(deps);
  const kept = await new Maker(store).session("kept");
  const crashed = await temporaryDirectory();
  for (const name of ["arc-fabric.sqlite", "arc-fabric.sqlite-wal"])
    await copyFile(path.join(directory, name), path.join(crashed, name));
  await store.close();
  await appendFile(path.join(crashed, "arc-fabric.sqlite-wal"), Buffer.alloc(3000, 0xa5));
  const again = await openStore({ ...deps, directory: crashed });
  expect(await again.getSession(kept)).toMatchObject({ title: "kept" });
  await new Maker(again, testSystem(1_760_000_000_000)).session("after");
  await again.close();
});

test("the store prints no warning about SQLite", async () => {
  const directory = await temporaryDirectory();
  const child = spawn(process.execPath, [HOLDER, directory, "--exit"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.on("data", (chunk) => (errors += chunk));
  await once(child, "close");
  expect(errors).not.toContain("SQLite");
});
