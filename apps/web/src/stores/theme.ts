import { createStore } from "../util/create-store.ts";
import { recall, remember } from "../util/local-storage.ts";

export type Theme = "system" | "light" | "dark";
/** Read before the first paint by public/theme.js. */
const KEY = "arc.theme";

const remembered = recall(KEY);
const store = createStore<Theme>(
  remembered === "light" || remembered === "dark" ? remembered : "system",
);

export const useTheme = store.use;

export function setTheme(theme: Theme): void {
  store.set(theme);
  remember(KEY, theme === "system" ? null : theme);
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
