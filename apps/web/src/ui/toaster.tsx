import { Toast } from "@base-ui/react/toast";
import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

const manager = Toast.createToastManager();

/** Shows a short message for some seconds; callable from anywhere. */
export function toast(
  title: string,
  options: {
    description?: string;
    tone?: "neutral" | "danger";
    action?: { label: string; onClick: () => void };
  } = {},
): void {
  const { description, tone = "neutral", action } = options;
  manager.add({
    title,
    description,
    type: tone,
    priority: tone === "danger" ? "high" : "low",
    ...(action && { actionProps: { children: action.label, onClick: action.onClick } }),
  });
}

export function Toaster({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager} timeout={5000} limit={3}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 left-4 z-50 flex flex-col-reverse items-end gap-2 sm:left-auto sm:w-88">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((item) => (
    <Toast.Root
      key={item.id}
      toast={item}
      className={`w-full rounded-xl border bg-raised p-3.5 pr-11 shadow-float transition-[opacity,translate] duration-200 data-ending-style:translate-y-2 data-ending-style:opacity-0 data-limited:hidden data-starting-style:translate-y-2 data-starting-style:opacity-0 ${item.type === "danger" ? "border-danger" : "border-line"}`}
    >
      <Toast.Content>
        <Toast.Title className="text-sm font-semibold" />
        <Toast.Description className="mt-0.5 text-sm text-muted" />
        <Toast.Action className="mt-2 rounded-md text-sm font-semibold text-accent-text underline-offset-4 hover:underline" />
        <Toast.Close
          aria-label="Dismiss"
          className="absolute top-2.5 right-2.5 grid size-7 place-items-center rounded-lg text-muted hover:bg-hover hover:text-text"
        >
          <Icon name="close" className="size-4" />
        </Toast.Close>
      </Toast.Content>
    </Toast.Root>
  ));
}
