import type { SystemReport } from "@arc-fabric/contract";
import type { CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { textTable } from "../output/text-table.ts";
import type { Paint } from "../output/terminal.ts";
import { bytesText, secondsText } from "../output/units.ts";
import { findServer } from "../server/find-server.ts";
import { readLocalSettings } from "../server/local-settings.ts";

export async function status(
  context: CliContext,
  { options }: CommandInput<"status">,
): Promise<ExitCode> {
  const { terminal, interrupted: signal } = context;
  const settings = readLocalSettings(context, options);
  const client = await findServer(settings, signal);
  if (!client) {
    await terminal.out(
      options.json
        ? `${JSON.stringify({ running: false, data_dir: settings.dataDirectory })}\n`
        : `No server runs on ${settings.dataDirectory} or at ${settings.defaultUrl}.\nStart one with arc serve; arc generate starts one by itself.\n`,
    );
    return EXIT_CODES.failed;
  }
  const system = await client.system({ signal });
  await terminal.out(
    options.json
      ? `${JSON.stringify({ running: true, url: client.baseUrl, ...system })}\n`
      : systemText(client.baseUrl, system, terminal.paint),
  );
  return EXIT_CODES.ok;
}

function systemText(url: string, system: SystemReport, paint: Paint): string {
  const { counts, limit } = system.queue;
  const workers = system.workers.map(({ model, status: state, pid, rss_bytes: rss, error }) =>
    [
      model,
      state,
      ...(pid === null ? [] : [`pid ${pid}`]),
      ...(rss === null ? [] : [bytesText(rss)]),
      ...(error === null ? [] : [paint.red(error)]),
    ].join(", "),
  );
  return textTable(
    [
      [
        "Server",
        `${paint.bold(url)}, version ${system.version}, up ${secondsText(system.uptime_s)}`,
      ],
      ["Queue", `${counts.running} running, ${counts.queued} waiting of at most ${limit}`],
      [
        "Made",
        `${counts.completed} completed, ${counts.failed} failed, ${counts.cancelled} cancelled`,
      ],
      ["Workers", workers[0] ?? "none is running yet"],
      ...workers.slice(1).map((worker) => ["", worker]),
      ["Data", `${system.data_dir}, ${bytesText(system.disk_free_bytes)} free`],
      [
        "Machine",
        `${system.cpu}, ${system.cpu_count} cores, ${bytesText(system.memory_bytes)}, Node ${system.node_version}`,
      ],
    ].map(([name, value]) => [paint.dim(name!), value!]),
  );
}
