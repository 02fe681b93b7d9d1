import type { Session, Take } from "@arc-fabric/contract";
import { originText } from "../clip/origin-text.ts";
import { statusText } from "./status-text.ts";
import type { Paint, Terminal } from "./terminal.ts";
import { textTable } from "./text-table.ts";
import { clip, countText } from "./units.ts";

const PROMPT_CHARS = 48;
const LINES = {
  unicode: { branch: "├─ ", last: "└─ ", pass: "│  ", none: "   " },
  plain: { branch: "|- ", last: "`- ", pass: "|  ", none: "   " },
} as const;

/**
 * A session as a tree: under each take those that were made from it.
 * @param takes oldest first
 */
export function treeText(
  session: Session,
  takes: readonly Take[],
  { paint, unicode }: Pick<Terminal, "paint" | "unicode">,
): string {
  const parents = new Map<string, Take>(takes.map((take) => [take.id, take]));
  const rows = branchRows(takes, unicode ? LINES.unicode : LINES.plain).map(({ lines, take }) => [
    paint.dim(lines) + take.id,
    statusText(take, paint),
    wordsOf(take, parents.get(take.parent_id ?? "")),
    workText(take),
    marksOf(take, session, paint),
  ]);
  const head = `${paint.bold(session.title)}  ${paint.dim(`${session.id}, ${countText(session.take_count, "take")}`)}\n`;
  return head + textTable(rows);
}

interface Row {
  readonly lines: string;
  readonly take: Take;
}

/** Without recursion: a stream of blocks is as deep as it is long. */
function branchRows(
  takes: readonly Take[],
  lines: Record<keyof typeof LINES.plain, string>,
): Row[] {
  const known = new Set<string>(takes.map(({ id }) => id));
  const children = Map.groupBy(takes, ({ parent_id: parent }) =>
    parent !== null && known.has(parent) ? parent : null,
  );
  const rows: Row[] = [];
  const waiting = (children.get(null) ?? []).map((take) => ({ take, lines: "", below: "" }));
  waiting.reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { take, below } = next;
    rows.push({ lines: next.lines, take });
    const under = children.get(take.id) ?? [];
    waiting.push(
      ...under
        .map((child, i) => {
          const isLast = i === under.length - 1;
          return {
            take: child,
            lines: below + (isLast ? lines.last : lines.branch),
            below: below + (isLast ? lines.none : lines.pass),
          };
        })
        .toReversed(),
    );
  }
  return rows;
}

function wordsOf(take: Take, parent: Take | undefined): string {
  const words =
    take.origin.kind === "generate"
      ? `"${clip(take.parameters.prompt, PROMPT_CHARS)}"`
      : originText(take.origin, parent);
  return take.title === null ? words : `${take.title}: ${words}`;
}

/** What was computed for it, and what was there already. */
function workText({ plan, progress, steps_reused: reused }: Take): string {
  if (plan.total_steps === 0) return "no steps";
  const computed = `${Math.max(0, progress.step - reused)} computed`;
  return reused === 0 ? computed : `${reused} reused, ${computed}`;
}

function marksOf({ id, tags }: Take, session: Session, paint: Paint): string {
  return [
    ...(session.head_take_id === id ? [paint.cyan("head")] : []),
    ...tags.map((tag) => paint.yellow(`#${tag}`)),
  ].join(" ");
}
