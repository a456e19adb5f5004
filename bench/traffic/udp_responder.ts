/**
 * Sends every datagram back, for ever, from the address that it came to. Arguments: the port, and each address.
 * Permissions: `--allow-ffi`.
 */
import { libc, openSocket, socketAddress } from "./libc.ts";

const POLLIN = 1;

const [port, ...addresses] = Deno.args;
const sockets = addresses.map((text) => {
  const socket = openSocket("UDP");
  const address = socketAddress(text, Number(port));
  if (libc.bind(socket, address, address.length) !== 0) throw new Error(`Cannot bind to "${text}"`);
  return socket;
});
const events = new DataView(new ArrayBuffer(8 * sockets.length));
for (const [index, socket] of sockets.entries()) {
  events.setInt32(8 * index, socket, true);
  events.setInt16(8 * index + 4, POLLIN, true);
}
const data = new Uint8Array(64), peer = new Uint8Array(16), length = new Uint8Array(4);
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
while (true) {
  libc.poll(new Uint8Array(events.buffer), BigInt(sockets.length), -1);
  for (const [index, socket] of sockets.entries()) {
    if ((events.getInt16(8 * index + 6, true) & POLLIN) === 0) continue;
    length[0] = peer.length;
    const size = libc.recvfrom(socket, data, BigInt(data.length), 0, peer, length);
    if (size > 0n) libc.sendto(socket, data, BigInt(size), 0, peer, peer.length);
  }
}
