import { toast } from "../ui/toaster.tsx";

export async function copyText(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    toast(`${what} copied`);
  } catch {
    // Pages served over plain http from another machine may not write to the clipboard.
    toast(`${what}: ${text}`, { description: "This browser does not let the page copy it." });
  }
}
