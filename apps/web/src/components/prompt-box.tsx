import type { Model } from "@arc-fabric/contract";
import { useRef, type KeyboardEvent, type RefObject } from "react";
import { changeDraft } from "../stores/draft.ts";
import { insertWord } from "../util/insert-word.ts";
import { Vocabulary } from "./vocabulary.tsx";

interface PromptBoxProps {
  model: Model;
  prompt: string;
  field: RefObject<HTMLTextAreaElement | null>;
  onSubmit: () => void;
}

export function PromptBox({ model, prompt, field, onSubmit }: PromptBoxProps) {
  const caret = useRef<number | null>(null);
  const limit = model.limits.prompt_chars;
  const over = prompt.length > limit;

  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    onSubmit();
  };
  const pick = (word: string) => {
    const next = insertWord(prompt, caret.current ?? prompt.length, word);
    caret.current = next.caret;
    changeDraft({ prompt: next.text });
  };

  return (
    <div>
      <label htmlFor="prompt" className="label mb-1.5 block">
        Prompt
      </label>
      <textarea
        id="prompt"
        ref={field}
        rows={3}
        value={prompt}
        placeholder={model.examples[0] ?? "What should happen?"}
        aria-invalid={over || undefined}
        aria-describedby="prompt-help"
        onChange={(event) => changeDraft({ prompt: event.target.value })}
        onSelect={(event) => (caret.current = event.currentTarget.selectionEnd)}
        onKeyDown={onKeyDown}
        className="field field-sizing-content max-h-60 min-h-24 w-full resize-none px-3.5 py-3 text-base leading-relaxed"
      />
      <p
        id="prompt-help"
        className={`mt-1 text-xs ${over ? "font-medium text-danger-text" : "sr-only"}`}
      >
        {over
          ? `${prompt.length} characters; ${model.name} reads at most ${limit}.`
          : "Press Control or Command and Enter to generate."}
      </p>
      <Examples model={model} shown={prompt.trim() === ""} />
      <div className="mt-4">
        <Vocabulary model={model} onPick={pick} />
      </div>
    </div>
  );
}

function Examples({ model, shown }: { model: Model; shown: boolean }) {
  if (!shown || model.examples.length === 0) return null;
  return (
    <div className="mt-2.5">
      <p className="text-xs text-muted" id="examples-label">
        Try one of these
      </p>
      <ul aria-labelledby="examples-label" className="mt-1.5 flex flex-col items-start gap-1">
        {model.examples.slice(0, 4).map((example) => (
          <li key={example}>
            <button
              type="button"
              onClick={() => changeDraft({ prompt: example })}
              className="rounded-md text-left text-sm text-accent-text underline-offset-4 hover:underline"
            >
              {example}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
