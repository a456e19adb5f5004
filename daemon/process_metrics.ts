import type { MetricsRegistry } from "./metrics_registry.ts";

/** Adds what is generally asked of a process, under the names that every Prometheus client gives them. */
export function addProcessMetrics(registry: MetricsRegistry): void {
  const cpu = registry.counter({
    name: "process_cpu_seconds_total",
    stability: undefined,
    help: "Total user and system CPU time spent in seconds.",
  });
  const resident = registry.gauge({
    name: "process_resident_memory_bytes",
    stability: undefined,
    help: "Resident memory size in bytes.",
  });
  const start = registry.gauge({
    name: "process_start_time_seconds",
    stability: undefined,
    help: "Start time of the process since unix epoch in seconds.",
  });
  let counted = 0;
  registry.onRead(async () => {
    const { default: process } = await import("node:process"); // 10 ms that no start has to spend
    const { user, system } = process.cpuUsage();
    cpu.inc({}, (user + system - counted) / 1e6);
    counted = user + system;
    resident.set({}, Deno.memoryUsage().rss);
    start.set({}, performance.timeOrigin / 1000);
  });
}
