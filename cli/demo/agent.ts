/**
 * The agent that a lab runs inside each of its namespaces: servers that say who they are, and clients that report what
 * came of their connections. It ends when its standard input ends.
 *
 * Permissions: `--allow-net --allow-ffi` (see socket.ts).
 */
import { ConnectedSocket } from "./socket.ts";
import { startServer } from "./agent_server.ts";
import type { Envelope, FlowTarget, Outcome, Reply, Request } from "./protocol.ts";

const servers = new Map<string, () => void>();
const flows = new Map<number, ConnectedSocket>();

async function handle(request: Request): Promise<readonly Outcome[] | undefined> {
  switch (request.op) {
    case "serve":
      servers.set(serverKey(request), await startServer(request));
      return undefined;
    case "unserve":
      servers.get(serverKey(request))?.();
      servers.delete(serverKey(request));
      return undefined;
    case "connect":
      return await connectMany(request.target, request.count, request.parallel);
    case "open":
      return [await open(request.flow, request.target)];
    case "ask":
      return [await (flows.get(request.flow)?.ask() ?? Promise.reject(unknownFlow(request.flow)))];
    case "close":
      flows.get(request.flow)?.close();
      flows.delete(request.flow);
      return undefined;
  }
}

function serverKey(at: { address: string; port: number; protocol: string }): string {
  return `${at.protocol} ${at.address} ${at.port}`;
}

function unknownFlow(flow: number): Error {
  return new Error(`Cannot ask: flow ${flow} is not open`);
}

async function connectMany(
  target: FlowTarget,
  count: number,
  parallel: number,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  let started = 0;
  const worker = async () => {
    while (started < count) {
      started++;
      outcomes.push(await connectOnce(target));
    }
  };
  await Promise.all(Array.from({ length: Math.min(parallel, count) }, worker));
  return outcomes;
}

async function connectOnce(target: FlowTarget): Promise<Outcome> {
  const socket = await ConnectedSocket.open(target);
  if (!(socket instanceof ConnectedSocket)) return socket;
  try {
    return await socket.ask();
  } finally {
    socket.close();
  }
}

async function open(flow: number, target: FlowTarget): Promise<Outcome> {
  const socket = await ConnectedSocket.open(target);
  if (!(socket instanceof ConnectedSocket)) return socket;
  flows.set(flow, socket);
  return await socket.ask();
}

async function respond(envelope: Envelope): Promise<Reply> {
  try {
    const outcomes = await handle(envelope);
    return outcomes === undefined ? { id: envelope.id } : { id: envelope.id, outcomes };
  } catch (error) {
    return { id: envelope.id, error: error instanceof Error ? error.message : String(error) };
  }
}

async function main(): Promise<void> {
  const writer = Deno.stdout.writable.getWriter();
  const encoder = new TextEncoder();
  let rest = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      void respond(JSON.parse(line)).then((reply) =>
        writer.write(encoder.encode(`${JSON.stringify(reply)}\n`))
      );
    }
  }
  Deno.exit(0);
}

if (import.meta.main) await main();
