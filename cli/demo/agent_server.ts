import { createSocket } from "node:dgram";
import type { Transport } from "./protocol.ts";

/** Where a server listens, and the name with which it answers. */
export interface ServerSpec {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: Transport;
}

/** Starts a server that answers every line or datagram with `<name> <peer address> <peer port>`; returns how to stop it. */
export function startServer(spec: ServerSpec): Promise<() => void> {
  switch (spec.protocol) {
    case "TCP":
      return Promise.resolve(startTcp(spec));
    case "UDP":
      return startUdp(spec);
    case "SCTP":
      return Promise.reject(new Error("Cannot serve SCTP: the agent has no SCTP server"));
  }
}

function startTcp(spec: ServerSpec): () => void {
  const listener = Deno.listen({ hostname: spec.address, port: spec.port });
  const connections = new Set<Deno.Conn>();
  const stop = new AbortController();
  void acceptAll(listener, { connections, name: spec.name, signal: stop.signal });
  return () => {
    stop.abort();
    listener.close();
    for (const connection of connections) connection.close();
    connections.clear();
  };
}

/** Goes on after errors: a client that resets its connection before it was accepted makes `accept` fail. */
async function acceptAll(
  listener: Deno.Listener,
  { connections, name, signal }: {
    connections: Set<Deno.Conn>;
    name: string;
    signal: AbortSignal;
  },
): Promise<void> {
  while (!signal.aborted) {
    const connection = await listener.accept().catch(() => undefined);
    if (connection === undefined) continue;
    connections.add(connection);
    void converse(connection, name).finally(() => {
      if (connections.delete(connection)) connection.close();
    });
  }
}

async function converse(connection: Deno.Conn, name: string): Promise<void> {
  const buffer = new Uint8Array(512);
  const answer = new TextEncoder().encode(answerTo(name, connection.remoteAddr as Deno.NetAddr));
  try {
    while (await connection.read(buffer) !== null) await connection.write(answer);
  } catch { /* clients leave with a reset */ }
}

function startUdp(spec: ServerSpec): Promise<() => void> {
  const socket = createSocket(spec.address.includes(":") ? "udp6" : "udp4");
  socket.on("message", (_data, peer) => {
    const answer = answerTo(spec.name, { hostname: peer.address, port: peer.port });
    socket.send(answer, peer.port, peer.address, () => {});
  });
  return new Promise((resolve, reject) => {
    socket.once("error", reject);
    socket.bind(spec.port, spec.address, () => {
      socket.off("error", reject);
      socket.on("error", () => {});
      resolve(() => socket.close());
    });
  });
}

function answerTo(name: string, peer: { hostname: string; port: number }): string {
  return `${name} ${peer.hostname} ${peer.port}\n`;
}
