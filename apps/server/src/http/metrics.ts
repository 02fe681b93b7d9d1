import { TAKE_STATUSES } from "@arc-fabric/contract";
import type { ModelHost, Store } from "@arc-fabric/core";
import { Counter, Gauge, Histogram, Registry } from "prom-client";

export interface MetricsDeps {
  readonly store: Pick<Store, "counts" | "subscribe">;
  readonly host: Pick<ModelHost, "reports">;
  readonly openStreams: () => number;
}

export interface Metrics {
  readonly text: () => Promise<string>;
  readonly requestDone: (operation: string, status: number, seconds: number) => void;
}

/** Prometheus metrics; gauges are read when they are asked for. */
export function createMetrics({ store, host, openStreams }: MetricsDeps): Metrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  const requests = new Histogram({
    name: "arc_http_request_seconds",
    help: "Time from a request to the end of its answer",
    labelNames: ["operation", "status"],
    buckets: [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10],
    registers,
  });
  const steps = new Histogram({
    name: "arc_step_seconds",
    help: "Time of one denoising step",
    buckets: [0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
    registers,
  });
  const events = new Counter({
    name: "arc_events_total",
    help: "Events written, by type",
    labelNames: ["type"],
    registers,
  });
  registerGauges({ store, host, openStreams }, registers);
  store.subscribe((event) => {
    events.inc({ type: event.type });
    if (event.type === "step.completed") steps.observe(event.data.seconds);
  });
  return {
    text: () => registry.metrics(),
    requestDone: (operation, status, seconds) => requests.observe({ operation, status }, seconds),
  };
}

/** Read when they are asked for. */
function registerGauges({ store, host, openStreams }: MetricsDeps, registers: Registry[]): void {
  new Gauge({
    name: "arc_takes",
    help: "Takes stored, by status",
    labelNames: ["status"],
    registers,
    async collect() {
      const counts = await store.counts();
      for (const status of TAKE_STATUSES) this.set({ status }, counts[status]);
    },
  });
  new Gauge({
    name: "arc_queue_depth",
    help: "Takes that wait",
    registers,
    async collect() {
      this.set((await store.counts()).queued);
    },
  });
  new Gauge({
    name: "arc_open_streams",
    help: "Event streams and live views that are open",
    registers,
    collect() {
      this.set(openStreams());
    },
  });
  new Gauge({
    name: "arc_server_rss_bytes",
    help: "Resident memory of the server process",
    registers,
    collect() {
      this.set(process.memoryUsage.rss());
    },
  });
  new Gauge({
    name: "arc_worker_rss_bytes",
    help: "Resident memory of a worker process",
    labelNames: ["worker_id", "model"],
    registers,
    collect() {
      this.reset();
      for (const { worker_id, model, rss_bytes } of host.reports())
        if (rss_bytes !== null) this.set({ worker_id, model }, rss_bytes);
    },
  });
}
