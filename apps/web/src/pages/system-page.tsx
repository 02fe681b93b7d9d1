import { TAKE_STATUSES, type SystemReport } from "@arc-fabric/contract";
import type { ReactNode } from "react";
import { describeError } from "../api/describe-error.ts";
import { useSystem } from "../api/system.ts";
import { ErrorCard } from "../components/error-card.tsx";
import { StoragePanel } from "../components/storage-panel.tsx";
import { ModelStatus } from "../components/model-status.tsx";
import { useTitle } from "../hooks/use-title.ts";
import { Badge } from "../ui/badge.tsx";
import { formatBytes, formatSeconds } from "../util/format.ts";
import { STATUS_TEXT } from "../util/take-text.ts";

/** What an operator wants to see at one glance. */
export default function SystemPage() {
  useTitle("System");
  const system = useSystem();
  return (
    <>
      <h1 className="mb-6 text-2xl font-semibold tracking-tight">System</h1>
      {system.isError && !system.data && (
        <ErrorCard
          error={describeError(system.error)}
          onRetry={() => void system.refetch()}
          retrying={system.isFetching}
        />
      )}
      {system.isPending && <div className="shimmer h-96 rounded-card" aria-label="Loading" />}
      {system.data && <Report report={system.data} />}
    </>
  );
}

function Report({ report }: { report: SystemReport }) {
  return (
    <div className="grid grid-cols-1 gap-4 lg:grid-cols-2">
      <Panel title="Server">
        <Facts
          facts={{
            Version: report.version,
            "Running for": formatSeconds(report.uptime_s),
            Memory: `${formatBytes(report.rss_bytes)} of ${formatBytes(report.memory_bytes)}`,
            Processor: `${report.cpu}, ${report.cpu_count} ${report.cpu_count === 1 ? "core" : "cores"}`,
            "Node.js": `${report.node_version} on ${report.platform}`,
            Data: report.data_dir,
            "Disk free": formatBytes(report.disk_free_bytes),
          }}
        />
      </Panel>
      <Panel title="Queue">
        <Queue queue={report.queue} />
      </Panel>
      <Panel title="Workers">
        {report.workers.length === 0 && (
          <p className="text-sm text-muted">None is loaded; the first take starts one.</p>
        )}
        <ul className="flex flex-col gap-3">
          {report.workers.map((worker) => (
            <Worker key={worker.worker_id} worker={worker} />
          ))}
        </ul>
      </Panel>
      <Panel title="Video encoders">
        <ul className="flex flex-col gap-2">
          {report.encoders.map((encoder) => (
            <Encoder key={encoder.encoder} encoder={encoder} />
          ))}
        </ul>
        {report.encoders_probing && (
          <p className="text-sm text-muted">Trying what works on this machine …</p>
        )}
      </Panel>
      <div className="lg:col-span-2">
        <Panel title="Storage">
          <StoragePanel />
        </Panel>
      </div>
      <div className="lg:col-span-2">
        <Panel title="Configuration">
          <Facts facts={Object.fromEntries(flatten(report.configuration))} mono />
        </Panel>
      </div>
      <p className="text-sm text-muted lg:col-span-2">
        For programs: <DocLink href="/docs">API reference</DocLink>,{" "}
        <DocLink href="/openapi.json">OpenAPI</DocLink>, <DocLink href="/metrics">metrics</DocLink>.
      </p>
    </div>
  );
}

function Queue({ queue }: Pick<SystemReport, "queue">) {
  return (
    <dl className="grid grid-cols-2 gap-3 sm:grid-cols-3">
      {TAKE_STATUSES.map((status) => (
        <div key={status} className="rounded-xl bg-sunken px-3.5 py-3">
          <dt className="text-xs text-muted">{STATUS_TEXT[status].label}</dt>
          <dd className="mt-0.5 text-xl font-semibold tabular">
            {queue.counts[status]}
            {status === "queued" && (
              <span className="text-xs font-normal text-muted">{` of ${queue.limit}`}</span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  );
}

function Worker({ worker }: { worker: SystemReport["workers"][number] }) {
  return (
    <li className="rounded-xl bg-sunken px-3.5 py-3">
      <div className="flex items-center justify-between gap-3">
        <span className="font-medium">{worker.model}</span>
        <ModelStatus status={worker.status} />
      </div>
      <p className="mt-1 text-xs text-muted tabular">
        {[
          worker.pid !== null && `process ${worker.pid}`,
          worker.rss_bytes !== null && formatBytes(worker.rss_bytes),
          worker.restarts > 0 && `${worker.restarts} restarts`,
        ]
          .filter(Boolean)
          .join(" · ")}
      </p>
      {worker.error && (
        <p className="mt-1.5 font-mono text-xs break-words whitespace-pre-wrap text-danger-text">
          {worker.error}
        </p>
      )}
    </li>
  );
}

function Encoder({ encoder }: { encoder: SystemReport["encoders"][number] }) {
  return (
    <li className="flex items-start justify-between gap-3 text-sm">
      <span className="min-w-0">
        <span className="font-mono">{encoder.encoder}</span>
        <span className="ml-2 text-muted">{encoder.hardware ? "hardware" : "software"}</span>
        {encoder.error && (
          <span className="line-clamp-2 block text-xs break-words text-muted">{encoder.error}</span>
        )}
      </span>
      <Badge tone={encoder.usable ? "accent" : "neutral"}>
        {encoder.usable ? "Usable" : "Not here"}
      </Badge>
    </li>
  );
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="card h-full p-5">
      <h2 className="mb-3.5 font-semibold">{title}</h2>
      {children}
    </section>
  );
}

function Facts({ facts, mono = false }: { facts: Record<string, string>; mono?: boolean }) {
  return (
    <dl className="grid grid-cols-[auto_1fr] items-baseline gap-x-6 gap-y-1.5 text-sm">
      {Object.entries(facts).map(([name, value]) => (
        <div key={name} className="contents">
          <dt className={mono ? "font-mono text-xs text-muted" : "text-muted"}>{name}</dt>
          <dd className={`min-w-0 break-words ${mono ? "font-mono text-xs" : ""}`}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function DocLink({ href, children }: { href: string; children: string }) {
  return (
    <a
      href={href}
      className="rounded-md font-medium text-accent-text underline-offset-4 hover:underline"
    >
      {children}
    </a>
  );
}

function flatten(value: Record<string, unknown>, prefix = ""): [string, string][] {
  return Object.entries(value).flatMap(([name, inner]): [string, string][] =>
    typeof inner === "object" && inner !== null && !Array.isArray(inner)
      ? flatten(inner as Record<string, unknown>, `${prefix}${name}.`)
      : [
          [
            prefix + name,
            Array.isArray(inner) ? inner.join(", ") || "none" : String(inner ?? "not set"),
          ],
        ],
  );
}
