import type { Model } from "@arc-fabric/contract";
import { Tabs } from "@base-ui/react/tabs";

/** The words a model with a small world knows, as buttons that put them into the prompt. */
export function Vocabulary({ model, onPick }: { model: Model; onPick: (word: string) => void }) {
  const groups = Object.entries(model.vocabulary).filter(([, words]) => words.length > 0);
  const [first] = groups;
  if (!first) return null;
  return (
    <section aria-label={`Words ${model.name} knows`}>
      <Tabs.Root defaultValue={first[0]} key={model.id}>
        <div className="flex items-baseline gap-3 overflow-x-auto [scrollbar-width:none]">
          <Tabs.List aria-label="Kinds of words" className="flex gap-3.5">
            {groups.map(([name]) => (
              <Tabs.Tab
                key={name}
                value={name}
                className="border-b-2 border-transparent pb-1 text-[0.8125rem] font-medium whitespace-nowrap text-muted capitalize hover:text-text data-active:border-accent data-active:text-text"
              >
                {name}
              </Tabs.Tab>
            ))}
          </Tabs.List>
        </div>
        {groups.map(([name, words]) => (
          <Tabs.Panel
            key={name}
            value={name}
            tabIndex={-1}
            className="flex flex-wrap gap-1.5 pt-2.5"
          >
            {words.map((word) => (
              <button
                key={word}
                type="button"
                aria-label={`Add "${word}" to the prompt`}
                onClick={() => onPick(word)}
                className="rounded-full border border-line bg-raised px-2.5 py-1 text-[0.8125rem] transition-colors hover:border-accent hover:text-accent-text"
              >
                {word}
              </button>
            ))}
          </Tabs.Panel>
        ))}
      </Tabs.Root>
    </section>
  );
}
