import type { Handlers } from "../http/handler-types.ts";
import { pictureAnswer } from "./blob-answer.ts";
import type { HandlerDeps } from "./handler-deps.ts";

type TrajectoryHandlers = Pick<
  Handlers,
  | "pauseTake"
  | "resumeTake"
  | "updateTake"
  | "deriveTake"
  | "planDerivedTake"
  | "compareTakes"
  | "getDifferencePicture"
  | "labelState"
  | "draftState"
>;

/** What is done with a take that is there: stop and go on, derive, compare, name its steps. */
export function trajectoryHandlers({ engine }: HandlerDeps): TrajectoryHandlers {
  return {
    pauseTake: ({ params }) => engine.pauseTake(params.take_id),
    resumeTake: ({ params }) => engine.resumeTake(params.take_id),
    updateTake: ({ params, body }) => engine.updateTake(params.take_id, body),
    deriveTake: async ({ params, body, context }) => {
      const { idempotency } = context;
      const { take, replayed } = await engine.deriveTake(params.take_id, body, { idempotency });
      if (replayed) context.markReplayed();
      return take;
    },
    planDerivedTake: ({ params, body }) => engine.planDerived(params.take_id, body),
    compareTakes: ({ params }) => engine.compareTakes(params.take_id, params.other_id),
    getDifferencePicture: async ({ params: { take_id: a, other_id: b } }) =>
      pictureAnswer(await engine.differencePicture(a, b), `${a}-${b}.jpg`),
    labelState: ({ params, body }) => engine.labelState(params.take_id, params.step, body.label),
    draftState: async ({ params: { take_id: id, step } }) =>
      pictureAnswer(await engine.draftState(id, step), `${id}-step-${step}-draft.jpg`),
  };
}
