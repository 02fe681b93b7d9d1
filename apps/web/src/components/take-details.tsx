import type { Take } from "@arc-fabric/contract";
import type { ReactNode } from "react";
import { IconButton } from "../ui/button.tsx";
import { copyText } from "../util/copy-text.ts";
import { formatDate, formatSeconds } from "../util/format.ts";

/** What a take was made from and with. */
export function TakeFacts({ take }: { take: Take }) {
  const { parameters: p } = take;
  const seconds =
    take.started_at && take.finished_at
      ? (Date.parse(take.finished_at) - Date.parse(take.started_at)) / 1000
      : null;
  return (
    <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-2 text-sm">
      <Row name="Seed">
        <span className="inline-flex items-center gap-1">
          <span className="font-mono">{p.seed}</span>
          <IconButton
            icon="copy"
            label="Copy the seed"
            className="-my-2 size-8"
            onClick={() => void copyText(String(p.seed), "Seed")}
          />
        </span>
      </Row>
      {p.negative_prompt !== "" && <Row name="Negative prompt">{p.negative_prompt}</Row>}
      <Row name="Model">{take.model}</Row>
      <Row name="Clip">{`${p.width} × ${p.height}, ${p.num_frames} frames at ${p.fps} a second (${formatSeconds(p.num_frames / p.fps)})`}</Row>
      <Row name="Steps">{`${p.num_inference_steps}, guidance ${p.guidance_scale}`}</Row>
      <Row name="Solver">{`${p.solver}, shift ${p.shift}${p.frame_lag > 0 ? `, frame lag ${p.frame_lag}` : ""}`}</Row>
      {p.stages && (
        <Row name="Models">
          {p.stages.map(({ model, steps }) => `${steps} steps by ${model}`).join(", then ")}
        </Row>
      )}
      {(p.first_frame ?? p.last_frame) && (
        <Row name="Pictures">{`${[...(p.first_frame ? ["begins"] : []), ...(p.last_frame ? ["ends"] : [])].join(" and ")} with a given picture`}</Row>
      )}
      {p.cache && (
        <Row name="Step cache">{`steps ${p.cache.start + 1} to ${p.cache.end}, one in ${p.cache.interval} computed`}</Row>
      )}
      {take.estimate && (
        <Row name="Estimate">{`${formatSeconds(take.estimate.seconds)} for ${take.estimate.steps} steps`}</Row>
      )}
      {take.steps_reused > 0 && (
        <Row name="Reused">{`${take.steps_reused} of ${take.plan.total_steps} steps were there already`}</Row>
      )}
      {take.environment_changes.map(({ after_step }) => (
        <Row
          key={after_step}
          name="Changed over"
        >{`after step ${after_step}: other hardware, weights or versions`}</Row>
      ))}
      <Row name="Created">{formatDate(take.created_at)}</Row>
      {seconds !== null && <Row name="Took">{formatSeconds(seconds)}</Row>}
      {take.resumes > 0 && (
        <Row name="Interrupted">{`${take.resumes === 1 ? "once" : `${take.resumes} times`}; it went on from its last stored step`}</Row>
      )}
      <Row name="Take">
        <span className="font-mono text-xs break-all">{take.id}</span>
      </Row>
      {take.environment && <Environment environment={take.environment} />}
    </dl>
  );
}

/** Hardware and versions: the same ones give the same bytes. */
function Environment({ environment }: { environment: NonNullable<Take["environment"]> }) {
  const facts = Object.entries(environment).map(
    ([name, value]) => `${name.replaceAll("_", " ")} ${String(value)}`,
  );
  return (
    <Row name="Computed with">
      <ul className="text-[0.8125rem] text-muted">
        {facts.map((fact) => (
          <li key={fact} className="break-words">
            {fact}
          </li>
        ))}
      </ul>
    </Row>
  );
}

function Row({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt className="text-muted first-letter:uppercase">{name}</dt>
      <dd className="min-w-0">{children}</dd>
    </>
  );
}
