import { FabricError } from "@arc-fabric/contract";
import type { EncoderReport } from "@arc-fabric/core";
import {
  type EncoderEntry,
  ENCODERS,
  findEncoder,
  LARGE_PICTURE_PIXELS,
  SOFTWARE_ENCODER,
} from "./encoders.ts";
import type { PictureSize } from "./protocol.ts";

export interface EncoderPolicy {
  /** "auto" or a name of the table. */
  readonly encoder: string;
  readonly allowSoftwareEncoder: boolean;
}

/** Encoders to try in order, and why a wished one is not among them. */
export interface EncoderChoice {
  readonly encoders: readonly string[];
  readonly rejected: readonly { readonly encoder: string; readonly error: string }[];
}

export type Probe = (entry: EncoderEntry) => Promise<EncoderReport>;

/** @throws `config_invalid` for a name that is not in the table */
export function checkPolicy(policy: EncoderPolicy): void {
  if (policy.encoder === "auto" || findEncoder(policy.encoder)) return;
  const known = ["auto", ...ENCODERS.map(({ name }) => name)].join(", ");
  throw new FabricError(
    "config_invalid",
    `The video encoder "${policy.encoder}" is not known; choose one of ${known}.`,
  );
}

/**
 * `auto` takes the first hardware encoder that works, but only for pictures large enough to gain from it; the software
 * encoder stands behind every choice when it is allowed. Nothing is probed when it is the only candidate.
 * @throws `encoder_unavailable` naming what was tried
 */
export async function chooseEncoders(
  policy: EncoderPolicy,
  size: PictureSize,
  probe: Probe,
): Promise<EncoderChoice> {
  const software = policy.allowSoftwareEncoder ? [SOFTWARE_ENCODER] : [];
  if (policy.encoder === SOFTWARE_ENCODER)
    return orUnavailable(
      { encoders: software, rejected: [] },
      `${SOFTWARE_ENCODER} is a software encoder, and those are not allowed`,
    );
  if (policy.encoder !== "auto") return chooseNamed(policy.encoder, software, probe);
  if (size.width * size.height < LARGE_PICTURE_PIXELS && policy.allowSoftwareEncoder)
    return { encoders: software, rejected: [] };
  return chooseHardware(software, probe);
}

async function chooseNamed(name: string, software: string[], probe: Probe): Promise<EncoderChoice> {
  const entry = findEncoder(name);
  if (!entry) throw new FabricError("config_invalid", `The video encoder "${name}" is not known.`);
  const report = await probe(entry);
  if (report.usable) return { encoders: [name, ...software], rejected: [] };
  const error = report.error ?? "it does not work here";
  return orUnavailable(
    { encoders: software, rejected: [{ encoder: name, error }] },
    `${name} does not work here (${error}), and software encoders are not allowed`,
  );
}

async function chooseHardware(software: string[], probe: Probe): Promise<EncoderChoice> {
  const tried: string[] = [];
  for (const entry of ENCODERS.filter(({ hardware }) => hardware)) {
    const report = await probe(entry);
    if (report.usable) return { encoders: [entry.name, ...software], rejected: [] };
    tried.push(`${entry.name}: ${report.error}`);
  }
  return orUnavailable(
    { encoders: software, rejected: [] },
    `no hardware encoder works here, and software encoders are not allowed (${tried.join("; ")})`,
  );
}

function orUnavailable(choice: EncoderChoice, reason: string): EncoderChoice {
  if (choice.encoders.length > 0) return choice;
  throw new FabricError("encoder_unavailable", `No video encoder can be used: ${reason}.`);
}
