import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const css = readFileSync(path.join(import.meta.dirname, "style.css"), "utf8");

/** [text, background, least contrast]: 4.5 for text (WCAG 1.4.3), 3 for the edges and marks of controls (1.4.11). */
const PAIRS: readonly (readonly [string, string, number])[] = [
  ...["canvas", "surface", "raised", "sunken", "hover", "field"].flatMap((background) => [
    ["text", background, 7] as const,
    ["muted", background, 4.5] as const,
  ]),
  ["accent-ink", "accent", 4.5],
  ["accent-ink", "accent-hover", 4.5],
  ["accent-text", "accent-soft", 4.5],
  ["accent-text", "surface", 4.5],
  ["accent-text", "canvas", 4.5],
  ["danger-ink", "danger", 4.5],
  ["danger-text", "danger-soft", 4.5],
  ["danger-text", "surface", 4.5],
  ["warning-text", "warning-soft", 4.5],
  ["canvas", "text", 7],
  ["accent", "surface", 3],
  ["accent", "canvas", 3],
  ["accent", "line", 3],
  ["field-line", "surface", 2.9],
  ["line-strong", "surface", 3],
];

describe("palette: every pair of colours that carries meaning can be told apart", () => {
  for (const theme of ["light", "dark"] as const)
    test.each(PAIRS)(`${theme}: %s on %s is at least %s to 1`, (text, background, least) => {
      expect(contrast(colour(text, theme), colour(background, theme))).toBeGreaterThanOrEqual(
        least,
      );
    });
});

function colour(name: string, theme: "light" | "dark"): readonly [number, number, number] {
  const [, light, dark] =
    new RegExp(`--color-${name}: light-dark\\((#\\w{6}), (#\\w{6})\\)`).exec(css) ?? [];
  const hex = theme === "light" ? light : dark;
  if (!hex)
    throw new Error(`style.css has no colour "${name}" in the form light-dark(#rrggbb, #rrggbb).`);
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)) as unknown as readonly [
    number,
    number,
    number,
  ];
}

/** WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: readonly number[], b: readonly number[]): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(rgb: readonly number[]): number {
  const [r, g, b] = rgb.map((value) =>
    value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4,
  ) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
