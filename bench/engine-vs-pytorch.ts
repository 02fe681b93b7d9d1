/**
 * The embedded engine's nets on ONNX Runtime against PyTorch on the same CPU, against each other and against the CPU's matrix-multiply peak.
 * Needs a Python with PyTorch: `node bench/engine-vs-pytorch.ts --python path/to/python [--threads 2] [--save]`.
 * All contenders take turns in one run, so that a machine that slows down slows all of them.
 */
import { spawn } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { type Manifest, manifestSchema } from "@arc-fabric/contract";
import * as ort from "onnxruntime-node";
import { matmulModel } from "./lib/matmul-model.ts";
import { percentile, report, type Row } from "./lib/table.ts";

const ROUNDS = 12;
const RUNS_PER_ROUND = 4;
const MATRIX = 1024;
const { values: flags } = parseArgs({
  options: {
    python: { type: "string", default: "python3" },
    threads: { type: "string", default: "2" },
    save: { type: "boolean" },
  },
});
const threads = Number(flags.threads);
/** A step as the model's defaults make it: guidance runs the prompt and the empty prompt, unless it is built in. */
interface Step {
  readonly id: string;
  readonly directory: string;
  readonly size: string;
  readonly batch: number;
  readonly frames: number;
  readonly channels: number;
  readonly cells: readonly [number, number];
}

interface Contender {
  readonly name: string;
  readonly samples: number[];
  run(count: number): Promise<readonly number[]>;
}

async function main(): Promise<void> {
  const steps = [stepOf("zoetrope-m", "m"), stepOf("zoetrope-s", "s")];
  const [large, small] = steps as [Step, Step];
  const python = await startPython(large.frames);
  const inPython = (what: string, step: Step) => (count: number) =>
    python.ask(`${what} ${step.size} ${step.batch}`, count);
  const contenders = [
    ...(await Promise.all(steps.map((step) => onnxStep(step)))),
    ...steps.map((step) => contender(`PyTorch eager, ${step.id}`, inPython("step", step))),
    ...steps.map((step) => contender(`PyTorch compiled, ${step.id}`, inPython("compiled", step))),
    await onnxMatmul(),
    contender("PyTorch matmul", (count) => python.ask("matmul - -", count)),
  ];
  for (const one of contenders) await one.run(3);
  for (let round = 0; round < ROUNDS; round++)
    for (const one of contenders) one.samples.push(...(await one.run(RUNS_PER_ROUND)));
  python.stop();
  print(contenders, [await profileStep(large), await profileStep(small)], python.version);
}

function stepOf(id: string, size: string): Step {
  const directory = path.join(import.meta.dirname, "../models", id);
  const manifest: Manifest = manifestSchema.parse(
    JSON.parse(readFileSync(path.join(directory, "manifest.json"), "utf8")),
  );
  const { channels, height, width, frames_per_group: group } = manifest.latents;
  return {
    id,
    directory,
    size,
    batch: manifest.guidance_built_in === manifest.defaults.guidance_scale ? 1 : 2,
    frames: 1 + (manifest.defaults.num_frames - 1) / group,
    channels,
    cells: [height, width],
  };
}

function print(
  contenders: readonly Contender[],
  profiles: readonly [Profile, Profile],
  torchVersion: string,
): void {
  const medians = contenders.map((one) => percentile(one.samples, 0.5));
  const [large, small, eagerLarge, eagerSmall, compiledLarge, compiledSmall] = medians as number[];
  const [ortMatmul, torchMatmul] = medians.slice(-2) as [number, number];
  const matmulFlops = 2 * MATRIX ** 3;
  // Best of many short runs: the peak is what the machine can do when nobody disturbs it.
  const peak = Math.max(
    ...contenders.slice(-2).map((one) => matmulFlops / Math.min(...one.samples)),
  );
  const rows: Row[] = contenders.map((one, i) => ({
    what: one.name,
    "median ms": medians[i]! * 1000,
    "min ms": Math.min(...one.samples) * 1000,
    "engine is x times as fast": i < 6 ? medians[i]! / [large!, small!][i % 2]! : "",
  }));
  report({
    name: "engine-vs-pytorch",
    title: "Embedded engine against PyTorch and against the CPU's peak",
    method: `One step of a take of 17 frames by the models' defaults (zoetrope-m: two passes for guidance, zoetrope-s: one), ${threads} threads, PyTorch ${torchVersion}; ${ROUNDS} rounds of ${RUNS_PER_ROUND} runs, taking turns.`,
    rows,
    notes: [
      `Goal >= 1.3x PyTorch: zoetrope-m ${ratio(eagerLarge! / large!)}x eager, ${ratio(compiledLarge! / large!)}x compiled; zoetrope-s ${ratio(eagerSmall! / small!)}x eager, ${ratio(compiledSmall! / small!)}x compiled.`,
      `Goal for zoetrope-s: a third of zoetrope-m's time a step or less: ${ratio(small! / large!)}.`,
      `Peak: ${(peak / 1e9).toFixed(0)} GFLOP/s (best ${MATRIX}x${MATRIX} fp32 multiplication; medians: ONNX Runtime ${gflops(matmulFlops / ortMatmul)}, PyTorch ${gflops(matmulFlops / torchMatmul)}).`,
      ...profiles.flatMap((profile) => [
        `Goal >= 80 % of peak in the matrix multiplications of ${profile.id}: ${((100 * profile.flops) / profile.multiplySeconds / peak).toFixed(0)} % (${(profile.flops / 1e9).toFixed(2)} GFLOP in convolutions and matrix products, ${(profile.multiplySeconds * 1000).toFixed(1)} ms of a profiled step's ${(profile.totalSeconds * 1000).toFixed(1)} ms).`,
        `Slowest operators of a profiled step of ${profile.id}: ${profile.slowest}.`,
      ]),
    ],
  });
}

function contender(name: string, run: Contender["run"]): Contender {
  return { name, samples: [], run };
}

/** As the engine opens its nets: threads that wait do not spin. */
const sessionOptions: ort.InferenceSession.SessionOptions = {
  executionProviders: ["cpu"],
  graphOptimizationLevel: "all",
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
  extra: { session: { intra_op: { allow_spinning: "0" }, set_denormal_as_zero: "1" } },
};

async function onnxStep(step: Step): Promise<Contender> {
  const session = await ort.InferenceSession.create(
    path.join(step.directory, "denoiser.onnx"),
    sessionOptions,
  );
  const feeds = stepFeeds(step, await textShape(step));
  return contender(`The engine, ${step.id}`, (count) => timed(count, () => session.run(feeds)));
}

async function onnxMatmul(): Promise<Contender> {
  const session = await ort.InferenceSession.create(matmulModel(MATRIX), sessionOptions);
  const matrix = new ort.Tensor("float32", new Float32Array(MATRIX * MATRIX).fill(0.5), [
    MATRIX,
    MATRIX,
  ]);
  return contender("ONNX Runtime matmul", (count) =>
    timed(count, () => session.run({ a: matrix, b: matrix })),
  );
}

/** Words and width of the conditioning, from the text encoder itself. */
async function textShape({ directory, batch }: Step): Promise<readonly number[]> {
  const session = await ort.InferenceSession.create(
    path.join(directory, "text-encoder.onnx"),
    sessionOptions,
  );
  const { max_tokens: tokens } = JSON.parse(
    readFileSync(path.join(directory, "tokenizer.json"), "utf8"),
  ) as { max_tokens: number };
  const { text } = await session.run({
    tokens: new ort.Tensor("int64", new BigInt64Array(batch * tokens).fill(1n), [batch, tokens]),
  });
  return text!.dims;
}

function stepFeeds(step: Step, text: readonly number[]): Record<string, ort.Tensor> {
  const { batch, channels, frames, cells } = step;
  const filled = (dims: readonly number[], value: number) =>
    new ort.Tensor("float32", new Float32Array(dims.reduce((a, b) => a * b)).fill(value), dims);
  return {
    latents: filled([batch, channels, frames, ...cells], 0.3),
    sigmas: filled([batch, frames], 0.5),
    text: filled(text, 0.1),
    text_mask: filled(text.slice(0, 2), 1),
  };
}

async function timed(count: number, run: () => Promise<unknown>): Promise<readonly number[]> {
  const samples: number[] = [];
  for (let i = 0; i < count; i++) {
    const began = performance.now();
    await run();
    samples.push((performance.now() - began) / 1000);
  }
  return samples;
}

interface Profile {
  readonly id: string;
  readonly flops: number;
  readonly multiplySeconds: number;
  readonly totalSeconds: number;
  readonly slowest: string;
}

interface ProfileEvent {
  readonly name: string;
  readonly dur: number;
  readonly args: {
    op_name?: string;
    input_type_shape?: Record<string, number[]>[];
    output_type_shape?: Record<string, number[]>[];
  };
}

/** Time by operator as ONNX Runtime's own profiler sees it; floating-point work from the shapes it reports. */
async function profileStep(step: Step): Promise<Profile> {
  const prefix = path.join(import.meta.dirname, "results", ".profile");
  const session = await ort.InferenceSession.create(path.join(step.directory, "denoiser.onnx"), {
    ...sessionOptions,
    enableProfiling: true,
    profileFilePrefix: prefix,
  });
  const feeds = stepFeeds(step, await textShape(step));
  for (let i = 0; i < RUNS_PER_ROUND; i++) await session.run(feeds);
  session.endProfiling();
  const file = (await import("node:fs")).globSync(`${prefix}*.json`).at(-1)!;
  const events = (JSON.parse(readFileSync(file, "utf8")) as ProfileEvent[]).filter((event) =>
    event.name.endsWith("_kernel_time"),
  );
  rmSync(file);
  const byOperator = new Map<string, number>();
  let flops = 0;
  let multiply = 0;
  for (const event of events) {
    const operator = event.args.op_name ?? "";
    byOperator.set(operator, (byOperator.get(operator) ?? 0) + event.dur);
    const work = multiplyFlops(operator, event);
    flops += work;
    if (work > 0) multiply += event.dur;
  }
  const slowest = [...byOperator].toSorted((a, b) => b[1] - a[1]).slice(0, 6);
  const total = [...byOperator.values()].reduce((a, b) => a + b, 0);
  return {
    id: step.id,
    flops: flops / RUNS_PER_ROUND,
    multiplySeconds: multiply / 1e6 / RUNS_PER_ROUND,
    totalSeconds: total / 1e6 / RUNS_PER_ROUND,
    slowest: slowest.map(([name, us]) => `${name} ${((100 * us) / total).toFixed(0)} %`).join(", "),
  };
}

function multiplyFlops(operator: string, event: ProfileEvent): number {
  const shapes = (event.args.input_type_shape ?? []).map((entry) => Object.values(entry)[0] ?? []);
  const output = Object.values(event.args.output_type_shape?.[0] ?? {})[0] ?? [];
  const product = (values: readonly number[]) => values.reduce((a, b) => a * b, 1);
  const [first, second] = shapes;
  if (!first || !second) return 0;
  // NCHWc convolutions keep their filters as [outputs, inputs, height, width] up to padding of the channels.
  if (operator === "Conv" || operator === "FusedConv")
    return 2 * product(output) * product(second.slice(1));
  if (["MatMul", "FusedMatMul", "Gemm", "FusedGemm"].includes(operator))
    return 2 * product(output) * first.at(-1)!;
  return 0;
}

async function startPython(frames: number) {
  const script = path.join(import.meta.dirname, "torch_step.py");
  const child = spawn(flags.python, [script, String(threads), String(frames)], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => {
    const { value, done } = await lines.next();
    if (done)
      throw new Error(`${flags.python} with PyTorch could not be run; name another with --python.`);
    return JSON.parse(value) as unknown;
  };
  const { torch } = (await next()) as { torch: string };
  return {
    version: torch,
    async ask(what: string, count: number): Promise<readonly number[]> {
      child.stdin.write(`${what} ${count}\n`);
      return (await next()) as number[];
    },
    stop: () => child.stdin.end(),
  };
}

const ratio = (value: number): string => value.toFixed(2);
const gflops = (value: number): string => (value / 1e9).toFixed(0);

await main();
