import type { TakeWarning } from "@arc-fabric/contract";

/** `tokenizer.json` of the Zoetrope family, version 1. */
export interface TokenizerDocument {
  readonly version: 1;
  readonly max_tokens: number;
  readonly words: Readonly<Record<string, number>>;
  /** Words and phrases -> a word of `words`. */
  readonly synonyms: Readonly<Record<string, string>>;
  readonly ignored: readonly string[];
}

export interface Tokens {
  /** [max_tokens]: beginning of sequence, words, padding. */
  readonly ids: BigInt64Array;
  readonly warnings: readonly TakeWarning[];
}

const PADDING = 0n;
const BEGINNING = 1n;
/** A prompt may be 100 kB of nonsense; the warning names the first words only. */
const MAX_WARNED_WORDS = 40;

/** Turns prompts into the closed vocabulary; the longest known phrase wins at each place. */
export class Tokenizer {
  readonly maxTokens: number;
  readonly #ids = new Map<string, number>();
  readonly #ignored: ReadonlySet<string>;
  readonly #longestPhrase: number;

  constructor(document: TokenizerDocument) {
    this.maxTokens = document.max_tokens;
    this.#ignored = new Set(document.ignored);
    for (const [word, id] of Object.entries(document.words)) this.#ids.set(word, id);
    for (const [phrase, word] of Object.entries(document.synonyms)) {
      const id = document.words[word];
      if (id !== undefined) this.#ids.set(phrase, id);
    }
    this.#longestPhrase = Math.max(
      ...[...this.#ids.keys()].map((phrase) => phrase.split(" ").length),
    );
  }

  /** @param place how the warnings name the text: "prompt" or "negative prompt" */
  tokenize(text: string, place: string): Tokens {
    const { known, unknown } = this.#match(normalise(text).split(" ").filter(Boolean));
    const room = this.maxTokens - 1;
    const kept = known.slice(0, room);
    const cut = known.slice(room);
    const ids = new BigInt64Array(this.maxTokens).fill(PADDING);
    ids[0] = BEGINNING;
    kept.forEach((match, index) => (ids[index + 1] = BigInt(match.id)));
    const warnings: TakeWarning[] = [];
    if (unknown.length > 0) warnings.push(unknownWords(unknown, place, kept.length === 0));
    if (cut.length > 0)
      warnings.push(
        truncated(
          cut.map((match) => match.phrase),
          place,
          room,
        ),
      );
    return { ids, warnings };
  }

  #match(words: readonly string[]): { known: { phrase: string; id: number }[]; unknown: string[] } {
    const known: { phrase: string; id: number }[] = [];
    const unknown: string[] = [];
    let at = 0;
    while (at < words.length) {
      const match = this.#longestAt(words, at);
      if (match) known.push(match);
      else if (!this.#ignored.has(words[at]!)) unknown.push(words[at]!);
      at += match ? match.length : 1;
    }
    return { known, unknown };
  }

  #longestAt(
    words: readonly string[],
    at: number,
  ): { phrase: string; id: number; length: number } | null {
    for (let length = Math.min(this.#longestPhrase, words.length - at); length > 0; length--) {
      const phrase = words.slice(at, at + length).join(" ");
      const id = this.#ids.get(phrase);
      if (id !== undefined) return { phrase, id, length };
    }
    return null;
  }
}

/** Lower case without possessives; everything that is neither letter nor digit becomes one space. */
function normalise(text: string): string {
  return text
    .toLowerCase()
    .replaceAll(/['’]s\b/gu, "")
    .replaceAll(/[^\p{L}\p{N}]+/gu, " ")
    .trim();
}

function unknownWords(words: readonly string[], place: string, nothingLeft: boolean): TakeWarning {
  const unique = [...new Set(words)];
  const consequence = nothingLeft
    ? `No word of the ${place} is known, so it has no effect at all.`
    : `They have no effect; the rest of the ${place} does.`;
  const named = firstWords(unique);
  return {
    code: "unknown_words",
    message: `The model does not know these words of the ${place}: ${named}. ${consequence} Its vocabulary is on its model card.`,
    words: unique.slice(0, MAX_WARNED_WORDS),
  };
}

function truncated(words: readonly string[], place: string, room: number): TakeWarning {
  return {
    code: "prompt_truncated",
    message: `The model reads ${room} words of the ${place}; these at its end are left out: ${firstWords(words)}. Say it more briefly.`,
    words: words.slice(0, MAX_WARNED_WORDS),
  };
}

function firstWords(words: readonly string[]): string {
  const named = words.slice(0, MAX_WARNED_WORDS).join(", ");
  return words.length > MAX_WARNED_WORDS
    ? `${named} and ${words.length - MAX_WARNED_WORDS} more`
    : named;
}
