/** Accepts TCP connections on a port, for ever, and closes them. Arguments: the port. Permissions: `--allow-ffi`. */
import { libc, openSocket, socketAddress } from "./libc.ts";

const BACKLOG = 4096;

/** Connections that are kept open, so that none is reset before the client knows that it is established. */
const KEPT = 256;

const listener = openSocket("TCP");
const address = socketAddress("0.0.0.0", Number(Deno.args[0]));
if (libc.bind(listener, address, address.length) !== 0) throw new Error("Cannot bind");
libc.listen(listener, BACKLOG);
const kept = new Int32Array(KEPT).fill(-1);
Deno.stdout.writeSync(new TextEncoder().encode("ready\n"));
for (let turn = 0;; turn = (turn + 1) % KEPT) {
  libc.close(kept[turn] ?? -1);
  kept[turn] = libc.accept(listener, null, null);
}
