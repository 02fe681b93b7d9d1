import { setTheme, useTheme, type Theme } from "../stores/theme.ts";
import { IconButton } from "../ui/button.tsx";

const NEXT: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };
const ICON = { system: "contrast", light: "sun", dark: "moon" } as const;
const NAME: Record<Theme, string> = { system: "as the system", light: "light", dark: "dark" };

export function ThemeMenu() {
  const theme = useTheme();
  return (
    <IconButton
      icon={ICON[theme]}
      label={`Theme: ${NAME[theme]}. Change to ${NAME[NEXT[theme]]}`}
      onClick={() => setTheme(NEXT[theme])}
    />
  );
}
