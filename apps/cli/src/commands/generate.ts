import { randomUUID } from "node:crypto";
import { isFabricError, type Take, type TakeRequest } from "@arc-fabric/contract";
import { takeError, type Connection, type FabricClient } from "@arc-fabric/client";
import { Interruption, type CliContext } from "../cli-context.ts";
import { EXIT_CODES, type CommandInput, type ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { outputTarget, type OutputTarget } from "../files/output-target.ts";
import { saveArtifact } from "../files/save-artifact.ts";
import {
  createProgressPrinter,
  silentProgress,
  type ProgressPrinter,
} from "../output/progress-printer.ts";
import { withServer, type ServerUse } from "../server/use-server.ts";
import { generateJson, startText, summaryText, warningsText, wordsOf } from "./generate-texts.ts";

type Input = CommandInput<"generate">;

/** A named server is waited for; one that was found may have been another command's; one of our own does not come back. */
const PATIENCE_MS = { named: 120_000, found: 15_000, own: 2_000 };
const MAX_LOSSES = 5;
const CANCEL_TIMEOUT_MS = 10_000;

export async function generate(context: CliContext, input: Input): Promise<ExitCode> {
  const { options } = input;
  const target = targetOf(context, input);
  const request = requestOf(await promptOf(context, input), options);
  const progress = progressOf(context, options);
  const use = { keepServer: options["keep-server"] ?? false, progress };
  return withServer(
    context,
    options,
    async (server) => {
      const run: Run = { context, input, server, progress };
      try {
        const take = await create(run, request);
        const finished = await follow(run, take);
        progress.end();
        if (finished.status === "completed") return await deliver(run, finished, target);
        return await reportUnfinished(run, finished);
      } finally {
        progress.end();
      }
    },
    use,
  );
}

interface Run {
  readonly context: CliContext;
  readonly input: Input;
  readonly server: ServerUse;
  readonly progress: ProgressPrinter;
}

function targetOf({ terminal, userDirectory }: CliContext, { options }: Input): OutputTarget {
  const target = outputTarget("generate", options.output, userDirectory);
  if (target.type === "stdout" && terminal.outIsTerminal)
    throw new UsageError(
      "A video is not for a terminal. Send it on: arc generate … -o - > video.mp4",
      "generate",
    );
  if (target.type === "stdout" && options.json)
    throw new UsageError("--json and -o - both want standard output.", "generate");
  return target;
}

async function promptOf({ terminal }: CliContext, { words }: Input): Promise<string> {
  const prompt =
    words.length === 1 && words[0] === "-" ? await terminal.readAll() : words.join(" ");
  if (prompt.trim() === "") throw new UsageError("The prompt is empty.", "generate");
  return prompt.trim();
}

function requestOf(prompt: string, options: Input["options"]): TakeRequest {
  const { model, seed, frames, fps, steps, guidance, negative, size, solver, shift } = options;
  const request: Record<keyof TakeRequest, unknown> = {
    prompt,
    model,
    seed,
    num_frames: frames,
    fps,
    num_inference_steps: steps,
    guidance_scale: guidance,
    negative_prompt: negative,
    width: size?.width,
    height: size?.height,
    solver,
    shift,
    frame_lag: options["frame-lag"],
  };
  return Object.fromEntries(
    Object.entries(request).filter(([, value]) => value !== undefined),
  ) as TakeRequest;
}

/** With --json and no terminal, a script reads both streams and wants neither. */
function progressOf(context: CliContext, options: Input["options"]): ProgressPrinter {
  const wanted = !options["no-progress"] && (!options.json || context.terminal.redraws);
  return wanted ? createProgressPrinter(context) : silentProgress;
}

function create(run: Run, request: TakeRequest): Promise<Take> {
  // The same key for every attempt: the take exists once, whichever answer was lost.
  const idempotencyKey = randomUUID();
  return survivingLosses(run, async (client) => {
    // Not interrupted halfway: a take that may or may not exist could not be cancelled.
    const take = await client.takes.create(request, { idempotencyKey });
    run.progress.note(startText(take, run.context.terminal));
    return take;
  });
}

/** Does `action` with the server and, if that one is lost, again with another one over the same data. */
async function survivingLosses<Result>(
  run: Run,
  action: (client: FabricClient) => Promise<Result>,
): Promise<Result> {
  for (let losses = 0; ; losses++) {
    try {
      return await action(await run.server.client());
    } catch (error) {
      if (losses >= MAX_LOSSES || !isLoss(error) || !(await run.server.forget())) throw error;
      run.progress.note("The server is gone; looking for another one.");
    }
  }
}

function isLoss(error: unknown): boolean {
  if (!isFabricError(error)) return false;
  return error.code === "server_unreachable" || error.code === "shutting_down";
}

/** The take when it is finished; with another server it goes on from its last stored step. */
async function follow(run: Run, created: Take): Promise<Take> {
  let warnings = 0;
  let known: readonly string[] = [];
  const onTake = (take: Take) => {
    if (take.warnings.length > warnings)
      run.progress.note(warningsText(take, run.context.terminal, known));
    warnings = take.warnings.length;
    run.progress.update(take);
  };
  try {
    return await survivingLosses(run, async (client) => {
      // Only for better advice: without it the warnings are shown all the same.
      known = await client.models.get(created.model, { retries: 0 }).then(wordsOf, () => []);
      return waitFor(run, client, created, onTake);
    });
  } catch (error) {
    if (error instanceof Interruption) return await cancel(run, created, error);
    throw error;
  }
}

function waitFor(
  { context, input, server, progress }: Run,
  client: FabricClient,
  created: Take,
  onTake: (take: Take) => void,
): Promise<Take> {
  const named = input.options.server ?? context.environment["ARC_SERVER"];
  const giveUpAfterMs = server.startedHere
    ? PATIENCE_MS.own
    : named
      ? PATIENCE_MS.named
      : PATIENCE_MS.found;
  const onConnection = (connection: Connection) => {
    if (connection.status === "lost" && connection.attempt === 1)
      progress.note("Connection to the server lost; trying again.");
  };
  return client.takes.wait(created.id, {
    signal: context.interrupted,
    onTake,
    onConnection,
    giveUpAfterMs,
  });
}

/** Cancels after Ctrl-C. @throws the interruption itself when the server does not answer any more */
async function cancel(
  { server, progress }: Run,
  take: Take,
  interruption: Interruption,
): Promise<Take> {
  progress.note("Cancelling. Ctrl-C again leaves at once.");
  try {
    const client = await server.client();
    return await client.takes
      .cancel(take.id, { timeoutMs: CANCEL_TIMEOUT_MS })
      .catch((error: unknown) => {
        // It was finished a moment before.
        if (isFabricError(error) && error.code === "take_not_active")
          return client.takes.get(take.id);
        throw error;
      });
  } catch {
    throw interruption;
  }
}

async function deliver(run: Run, take: Take, target: OutputTarget): Promise<ExitCode> {
  const { context, input } = run;
  const { terminal, interrupted } = context;
  // Interrupted in the very moment of completion: the video is there, so it is saved all the same.
  const signal = interrupted.aborted ? AbortSignal.timeout(CANCEL_TIMEOUT_MS) : interrupted;
  const save = (client: FabricClient) =>
    saveArtifact({ client, terminal, signal }, take, "video", target);
  // What went to standard output cannot be taken back.
  const path = await (target.type === "stdout"
    ? save(await run.server.client())
    : survivingLosses(run, save));
  // Without progress nobody has told them yet.
  if (take.warnings.length > 0 && input.options["no-progress"] && !input.options.json)
    terminal.err(`${warningsText(take, terminal)}\n`);
  if (input.options.json) await terminal.out(`${JSON.stringify(generateJson(take, path))}\n`);
  else if (path === null) terminal.err(summaryText(take, "standard output", terminal));
  else await terminal.out(summaryText(take, path, terminal, context.userDirectory));
  return EXIT_CODES.ok;
}

async function reportUnfinished({ context, input }: Run, take: Take): Promise<ExitCode> {
  const error = takeError(take);
  if (take.status === "failed" && error) throw error;
  const { interrupted, terminal } = context;
  if (input.options.json) await terminal.out(`${JSON.stringify(generateJson(take, null))}\n`);
  const { step, total_steps: total } = take.progress;
  terminal.err(`Cancelled${step > 0 ? ` after step ${step} of ${total}` : ""} (${take.id}).\n`);
  return interrupted.reason instanceof Interruption
    ? interrupted.reason.exitCode
    : EXIT_CODES.failed;
}
