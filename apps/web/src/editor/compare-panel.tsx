import { ALLOWED_TAKE_ACTIONS, type Take } from "@arc-fabric/contract";
import { client } from "../api/client.ts";
import { describeError } from "../api/describe-error.ts";
import { useComparison, useDerive } from "../api/trajectory.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { Button } from "../ui/button.tsx";
import { SelectField } from "../ui/select-field.tsx";
import { toast } from "../ui/toaster.tsx";
import { plural } from "../util/format.ts";
import { takeName } from "./take-tree.ts";
import type { View } from "./use-view.ts";

interface ComparePanelProps {
  a: Take;
  b: Take;
  takes: readonly Take[];
  view: Pick<View, "compareWith">;
  onMade: (take: Take) => void;
}

/** How two takes differ: what they were asked for, what they share, where their frames are apart. */
export function ComparePanel({ a, b, takes, view, onMade }: ComparePanelProps) {
  const comparison = useComparison(a, b);
  const { data } = comparison;
  return (
    <aside
      aria-label="Differences"
      className="flex min-h-0 min-w-0 flex-col gap-4 overflow-y-auto border-line bg-surface p-4 lg:border-l"
    >
      <div>
        <h2 className="text-base font-semibold">Compare</h2>
        <p className="mt-1 text-[0.8125rem] text-muted">
          <strong className="font-semibold text-text">A</strong> {takeName(a)}
        </p>
      </div>
      <SelectField
        label="B"
        value={b.id}
        options={takes
          .filter(({ id }) => id !== a.id)
          .map((take) => ({
            value: take.id as string,
            label: takeName(take),
            note: take.parameters.prompt,
          }))}
        onChange={view.compareWith}
      />
      {comparison.isError && (
        <ErrorCard
          error={describeError(comparison.error)}
          onRetry={() => void comparison.refetch()}
          retrying={comparison.isFetching}
        />
      )}
      {data && (
        <>
          <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-1.5 text-sm">
            <dt className="text-muted">Shared</dt>
            <dd>
              {data.shared_steps > 0
                ? `the first ${plural(data.shared_steps, "step")}, byte for byte`
                : "no step"}
            </dd>
            <dt className="text-muted">Frames</dt>
            <dd>{framesText(data)}</dd>
          </dl>
          {data.frame_differences.some((value) => value > 0) && (
            <>
              <Curve values={data.frame_differences} />
              <img
                src={client.takes.differencePictureUrl(a.id, b.id)}
                alt="The difference of each frame; brighter where they differ more"
                loading="lazy"
                className="h-14 w-full rounded-lg bg-sunken object-cover"
              />
            </>
          )}
          <Parameters parameters={data.parameters} />
        </>
      )}
      <Join a={a} b={b} onMade={onMade} />
    </aside>
  );
}

/** B behind A, as one clip: nothing is computed but the frames. */
function Join({ a, b, onMade }: Pick<ComparePanelProps, "a" | "b" | "onMade">) {
  const derive = useDerive();
  const both = [a, b].every(({ status }) => ALLOWED_TAKE_ACTIONS[status].includes("extend"));
  if (!both) return null;
  const join = () =>
    derive.mutate(
      { takeId: a.id, request: { kind: "concatenate", takes: [b.id] } },
      {
        onSuccess: onMade,
        onError: (error) =>
          toast("Not put together", { tone: "danger", description: describeError(error).message }),
      },
    );
  return (
    <div className="border-t border-line pt-4">
      <Button icon="film" busy={derive.isPending} onClick={join} className="w-full">
        Put B behind A
      </Button>
    </div>
  );
}

type Data = NonNullable<ReturnType<typeof useComparison>["data"]>;

function framesText({ psnr_db: psnr, frame_differences: differences }: Data): string {
  if (differences.length === 0) return "of another size, not compared";
  if (psnr === null) return `all ${differences.length} equal`;
  return `${psnr.toFixed(1)} dB PSNR over ${plural(differences.length, "frame")}`;
}

/** Mean difference of each frame. */
function Curve({ values }: { values: readonly number[] }) {
  const most = Math.max(...values);
  return (
    <figure>
      <div
        className="flex h-16 items-end gap-px rounded-lg bg-sunken p-1.5"
        role="img"
        aria-label={`Difference by frame, at most ${most.toFixed(1)} of 255`}
      >
        {values.map((value, i) => (
          <span
            key={i}
            className="min-h-px flex-1 rounded-sm bg-accent"
            style={{ height: `${(value / most) * 100}%` }}
          />
        ))}
      </div>
      <figcaption className="mt-1 text-xs text-muted">
        {`Difference by frame, at most ${most.toFixed(1)} of 255`}
      </figcaption>
    </figure>
  );
}

function Parameters({ parameters }: Pick<Data, "parameters">) {
  if (parameters.length === 0)
    return <p className="text-sm text-muted">Their parameters are the same.</p>;
  return (
    <table className="w-full table-fixed text-left text-[0.8125rem]">
      <caption className="sr-only">Parameters that differ</caption>
      <thead>
        <tr className="text-muted">
          <th className="w-[32%] py-1 pr-2 font-normal">Differs</th>
          <th className="py-1 pr-2 font-semibold text-text">A</th>
          <th className="py-1 font-semibold text-text">B</th>
        </tr>
      </thead>
      <tbody>
        {parameters.map(({ name, a, b }) => (
          <tr key={name} className="border-t border-line align-top">
            <th scope="row" className="py-1.5 pr-2 font-normal break-words text-muted">
              {name.replaceAll("_", " ")}
            </th>
            <td className="py-1.5 pr-2 break-words">{shown(a)}</td>
            <td className="py-1.5 break-words">{shown(b)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const shown = (value: unknown): string =>
  value === null || value === ""
    ? "none"
    : typeof value === "object"
      ? JSON.stringify(value)
      : String(value);
