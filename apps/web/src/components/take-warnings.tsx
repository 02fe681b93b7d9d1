import type { Model, Take, TakeWarning } from "@arc-fabric/contract";
import { Notice } from "../ui/notice.tsx";
import { closestWords } from "../util/closest-words.ts";

const SUGGESTIONS = 3;
const TITLES: Readonly<Record<Exclude<TakeWarning["code"], "unknown_words">, string>> = {
  prompt_truncated: "The end of the prompt was not read",
  negative_prompt_unused: "The negative prompt had no effect",
};

/** What of the prompts had no effect, and what to say instead. */
export function TakeWarnings({ take, model }: { take: Take; model: Model | undefined }) {
  const known = Object.values(model?.vocabulary ?? {}).flat();
  const name = model?.name ?? take.model;
  return take.warnings.map((warning) => (
    <Warning key={warning.message} warning={warning} known={known} modelName={name} />
  ));
}

function Warning({
  warning,
  known,
  modelName,
}: {
  warning: TakeWarning;
  known: readonly string[];
  modelName: string;
}) {
  if (warning.code !== "unknown_words")
    return (
      <Notice tone="warning" title={TITLES[warning.code]} role="note">
        <p>{warning.message}</p>
      </Notice>
    );
  const one = warning.words.length === 1;
  return (
    <Notice
      tone="warning"
      title={
        one
          ? `${modelName} does not know “${warning.words[0]}”`
          : `${modelName} does not know some of the words`
      }
      role="note"
    >
      <p>{one ? "It was drawn without that word." : "It was drawn without them."}</p>
      <ul className="mt-1.5 flex flex-col gap-1">
        {warning.words.map((word) => {
          const near = closestWords(word, known, SUGGESTIONS);
          if (one && near.length === 0) return null;
          return (
            <li key={word}>
              {!one && <strong className="font-semibold">{word}</strong>}
              {near.length > 0 && (
                <span>{`${one ? "Close to it: " : ": close to it are "}${near.join(", ")}`}</span>
              )}
            </li>
          );
        })}
      </ul>
    </Notice>
  );
}
