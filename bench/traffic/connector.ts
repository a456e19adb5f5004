/**
 * Opens new connections one after the other and prints, as JSON, the microseconds that each took: TCP until it is
 * established, UDP until its first datagram has come back. A failure is -1. Arguments: transport, address, port, count.
 * Permissions: `--allow-ffi`.
 */
import { libc, openSocket, socketAddress, type Transport } from "./libc.ts";

const [transport, text = "", port, count] = Deno.args;
const target = socketAddress(text, Number(port));
const datagram = new Uint8Array(1);

function attempt(): number {
  const socket = openSocket(transport as Transport);
  const started = performance.now();
  let done = libc.connect(socket, target, target.length) === 0;
  if (done && transport === "UDP") {
    libc.send(socket, datagram, 1n, 0);
    done = libc.recv(socket, datagram, 1n, 0) === 1n;
  }
  const took = (performance.now() - started) * 1000;
  libc.close(socket);
  return done ? took : -1;
}

const times = Array.from({ length: Number(count) }, attempt);
Deno.stdout.writeSync(new TextEncoder().encode(`${JSON.stringify(times)}\n`));
