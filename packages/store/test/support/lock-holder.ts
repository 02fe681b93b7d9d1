/** Opens the data directory given as its argument, says what came of it, and stays until it is killed. */
import type { FabricError } from "@arc-fabric/contract";
import { openDataDirectory } from "@arc-fabric/store";

const NOBODY = 65534;
const [directory, flag] = process.argv.slice(2);

if (flag === "--as-nobody" && process.getuid?.() === 0) process.seteuid?.(NOBODY);
try {
  await openDataDirectory(directory ?? "");
  process.stdout.write("locked\n");
  if (flag === "--exit") process.exit(0);
  process.stdin.resume();
} catch (error) {
  const { code, message } = error as FabricError;
  process.stdout.write(`${code} ${message.split(" on ")[0]}\n`);
}
