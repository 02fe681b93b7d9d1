import { createBrowserRouter } from "react-router";
import { AppShell } from "./components/app-shell.tsx";
import { CrashPage } from "./pages/crash-page.tsx";
import CreatePage from "./pages/create-page.tsx";
import LibraryPage from "./pages/library-page.tsx";
import NotFoundPage from "./pages/not-found-page.tsx";
import SessionPage from "./pages/session-page.tsx";
import TakePage from "./pages/take-page.tsx";

/** The map of the studio. */
export const router = createBrowserRouter([
  {
    Component: AppShell,
    ErrorBoundary: CrashPage,
    HydrateFallback: () => null,
    children: [
      { index: true, Component: CreatePage },
      { path: "takes", Component: LibraryPage },
      { path: "takes/:takeId", Component: TakePage },
      { path: "sessions/:sessionId", Component: SessionPage, handle: { fills: true } },
      {
        path: "system",
        lazy: async () => ({ Component: (await import("./pages/system-page.tsx")).default }),
      },
      { path: "*", Component: NotFoundPage },
    ],
  },
]);
