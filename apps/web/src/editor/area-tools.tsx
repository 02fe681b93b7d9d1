import { Slider } from "@base-ui/react/slider";
import { IconButton } from "../ui/button.tsx";
import type { IconName } from "../ui/icon.tsx";
import { BRUSH_SIZE, type EditorAction, type EditorState, type Tool } from "./editor-state.ts";

const TOOLS: readonly { tool: Tool; icon: IconName; label: string }[] = [
  { tool: "choose", icon: "cursor", label: "Choose (V)" },
  { tool: "rectangle", icon: "rectangle", label: "Rectangle (R)" },
  { tool: "brush", icon: "brush", label: "Brush (B)" },
  { tool: "eraser", icon: "eraser", label: "Eraser (E)" },
];

/** How a part of the picture is marked. */
export function AreaTools({
  state,
  dispatch,
}: {
  state: EditorState;
  dispatch: (action: EditorAction) => void;
}) {
  const painting = state.tool === "brush" || state.tool === "eraser";
  return (
    <div role="toolbar" aria-label="Mark an area" className="flex items-center gap-0.5">
      {painting && (
        <Slider.Root
          value={state.brushSize}
          {...BRUSH_SIZE}
          thumbAlignment="edge"
          onValueChange={(size) => dispatch({ type: "brush", size: size as number })}
          className="mr-1"
        >
          <Slider.Control className="flex w-24 touch-none items-center py-3 select-none">
            <Slider.Track className="h-1 w-full rounded-full bg-line">
              <Slider.Indicator className="rounded-full bg-accent" />
              <Slider.Thumb
                aria-label="Brush size"
                className="size-3.5 rounded-full bg-accent has-focus-visible:outline-2 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent"
              />
            </Slider.Track>
          </Slider.Control>
        </Slider.Root>
      )}
      {TOOLS.map(({ tool, icon, label }) => (
        <IconButton
          key={tool}
          icon={icon}
          label={label}
          pressed={state.tool === tool}
          onClick={() => dispatch({ type: "tool", tool })}
        />
      ))}
      {state.area && (
        <IconButton
          icon="close"
          label="Remove the area"
          onClick={() => {
            dispatch({ type: "tool", tool: "choose" });
            dispatch({ type: "area", area: null });
          }}
        />
      )}
    </div>
  );
}
