import type { TakeRequest } from "@arc-fabric/contract";
import type { FabricClient } from "@arc-fabric/client";
import type { CliContext } from "../cli-context.ts";
import { reuseField } from "../clip/derive-fields.ts";
import { makeClip, type PreparedClip } from "../clip/make-clip.ts";
import { withoutMissing } from "../clip/without-missing.ts";
import type { CommandInput, ExitCode } from "../command-line/commands.ts";
import { UsageError } from "../command-line/usage-error.ts";
import { readPicture, sendPicture, type Picture } from "../files/picture.ts";
import { sessionOf } from "./session-reference.ts";

type Input = CommandInput<"generate">;

export async function generate(context: CliContext, input: Input): Promise<ExitCode> {
  const { options } = input;
  const prompt = await promptOf(context, input);
  const frame = (name: "first-frame" | "last-frame"): Picture | null => {
    const file = options[name];
    return file === undefined ? null : readPicture("generate", file, context.userDirectory);
  };
  const pictures = { first: frame("first-frame"), last: frame("last-frame") };
  return makeClip(context, {
    command: "generate",
    options,
    planOnly: options.estimate ?? false,
    async prepare(client): Promise<PreparedClip> {
      const request = requestOf(prompt, options, {
        first_frame: await digestOf(client, pictures.first, context),
        last_frame: await digestOf(client, pictures.last, context),
      });
      const session =
        options.session === undefined
          ? {}
          : { sessionId: (await sessionOf(client, options.session, context.interrupted)).id };
      return {
        create: (server, idempotencyKey) =>
          server.takes.create(request, { ...session, idempotencyKey }),
        plan: (server) => server.takes.plan(request, { signal: context.interrupted }),
      };
    },
  });
}

async function promptOf({ terminal }: CliContext, { words }: Input): Promise<string> {
  const prompt =
    words.length === 1 && words[0] === "-" ? await terminal.readAll() : words.join(" ");
  if (prompt.trim() === "") throw new UsageError("The prompt is empty.", "generate");
  return prompt.trim();
}

async function digestOf(
  client: FabricClient,
  picture: Picture | null,
  { interrupted }: CliContext,
): Promise<string | undefined> {
  return picture === null ? undefined : sendPicture(client, picture, interrupted);
}

function requestOf(
  prompt: string,
  options: Input["options"],
  pictures: { first_frame: string | undefined; last_frame: string | undefined },
): TakeRequest {
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
    stages: options.stages,
    cache: options.cache,
    ...pictures,
    reuse: reuseField(options),
    priority: options.priority,
    title: options.title,
  };
  return withoutMissing(request) as TakeRequest;
}
