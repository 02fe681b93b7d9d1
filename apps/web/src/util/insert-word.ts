/** Puts a word at the caret with the spaces it needs. @returns the new text and where the caret goes */
export function insertWord(
  text: string,
  caret: number,
  word: string,
): { text: string; caret: number } {
  const before = text.slice(0, caret);
  const after = text.slice(caret);
  const left = before === "" || /\s$/.test(before) ? "" : " ";
  const right = after === "" || /^[\s.,;!?]/.test(after) ? "" : " ";
  return { text: before + left + word + right + after, caret: (before + left + word).length };
}
