import assert from "node:assert/strict";
import { runProcess } from "../../backends/process.ts";
import { type ApiServer, apiServerBinaries } from "./api_server.ts";
import { projectPath } from "./weir_process.ts";

/** Runs kubectl as administrator and returns what it prints. Throws when it complains, be it a warning. */
export async function kubectl(server: ApiServer, ...args: readonly string[]): Promise<string> {
  const access = [`--kubeconfig=${server.kubeconfig}`, `--cache-dir=${server.dir}/kubectl`];
  const result = await runProcess(`${apiServerBinaries()}/kubectl`, [...access, ...args], {
    timeoutMs: 60_000,
  });
  const complaint = result.stderr.trim();
  assert.ok(result.code === 0 && complaint === "", `kubectl ${args.join(" ")}: ${complaint}`);
  return result.stdout;
}

/** Creates weir's account and its rights, as deploy/ has them. */
export async function applyRights(server: ApiServer): Promise<void> {
  for (const file of ["service_account", "rbac"]) {
    const path = projectPath(`deploy/base/${file}.yaml`);
    await kubectl(server, "apply", "--namespace=kube-system", "--filename", path);
  }
}

/** Returns a token of the account that {@linkcode applyRights} creates. */
export async function accountToken(server: ApiServer): Promise<string> {
  return await kubectl(server, "create", "token", "weir", "--namespace=kube-system");
}
