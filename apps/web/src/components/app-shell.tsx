import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { NavLink, Outlet, ScrollRestoration, useMatches } from "react-router";
import { followEvents } from "../api/follow-events.ts";
import { paths } from "../paths.ts";
import { LoginPage } from "../pages/login-page.tsx";
import { loginNeeded } from "../stores/login.ts";
import { Icon, type IconName } from "../ui/icon.tsx";
import { ConnectionBanner } from "./connection-banner.tsx";
import { ThemeMenu } from "./theme-menu.tsx";

const LINKS: readonly { to: string; label: string; icon: IconName }[] = [
  { to: paths.create(), label: "Create", icon: "spark" },
  { to: paths.library(), label: "Library", icon: "grid" },
  { to: paths.system(), label: "System", icon: "system" },
];

/** What stays on the screen on every page, and the one stream of events behind all of them. */
export function AppShell() {
  const cache = useQueryClient();
  const locked = loginNeeded.use();
  const [attempt, setAttempt] = useState(0);
  /** A page that uses the whole window. */
  const fills = useMatches().some(({ handle }) => (handle as { fills?: true } | undefined)?.fills);
  useEffect(() => {
    if (locked) return;
    const stop = new AbortController();
    void followEvents(cache, stop.signal);
    return () => stop.abort();
  }, [cache, locked, attempt]);

  if (locked) return <LoginPage />;
  return (
    <div className="flex min-h-dvh flex-col">
      <a
        href="#main"
        className="sr-only focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-50 focus:rounded-lg focus:bg-accent focus:px-3 focus:py-2 focus:text-accent-ink"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 border-b border-line bg-surface">
        <div className="mx-auto flex h-14 max-w-[88rem] items-center gap-2 px-4 sm:gap-6 sm:px-6">
          <NavLink
            to={paths.create()}
            className="flex items-center gap-2.5 rounded-lg font-semibold tracking-tight"
            aria-label="Arc Fabric, to the start"
          >
            <img src="/icon.svg" alt="" className="size-7" />
            <span className="hidden sm:inline">Arc Fabric</span>
          </NavLink>
          <nav aria-label="Pages" className="flex flex-1 gap-0.5 sm:gap-1">
            {LINKS.map(({ to, label, icon }) => (
              <NavLink
                key={to}
                to={to}
                end={to === "/"}
                className="flex items-center gap-2 rounded-control px-2.5 py-1.5 text-sm font-medium text-muted transition-colors hover:bg-hover hover:text-text aria-[current=page]:bg-hover aria-[current=page]:text-text sm:px-3"
              >
                <Icon name={icon} className="hidden size-4 min-[26rem]:block" />
                {label}
              </NavLink>
            ))}
          </nav>
          <ThemeMenu />
        </div>
      </header>
      <ConnectionBanner onRetry={() => setAttempt((before) => before + 1)} />
      <main
        id="main"
        tabIndex={-1}
        className={
          fills
            ? "flex-1 outline-none"
            : "mx-auto w-full max-w-[88rem] flex-1 px-4 py-6 outline-none sm:px-6 sm:py-8"
        }
      >
        <Outlet />
      </main>
      <ScrollRestoration />
    </div>
  );
}
