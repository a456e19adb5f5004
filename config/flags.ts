import type { KubeProxyConfiguration } from "./configuration.ts";
import type { FlagTypeName } from "./flag_types.ts";

/** The path of a field of the configuration: `mode`, `iptables.masqueradeBit`. */
export type FieldPath = PathOf<KubeProxyConfiguration>;

type PathOf<Group> = {
  [Key in keyof Group & string]: Group[Key] extends
    | string
    | number
    | boolean
    | readonly unknown[]
    | Readonly<Record<string, boolean>> ? Key
    : `${Key}.${PathOf<Group[Key]>}`;
}[keyof Group & string];

/** A flag of the command line. */
export interface Flag {
  readonly name: string;
  readonly type: FlagTypeName;
  readonly help: string;
  /** The heading that help shows it under. */
  readonly group: string;
  /** The field of the configuration that it sets, where it sets one alone and always. */
  readonly field?: FieldPath;
  /** What help shows as the default where the field does not say it. */
  readonly byDefault?: string;
  readonly short?: string;
  /** True when it counts beside `--config` too; the others are ignored there. */
  readonly kept?: boolean;
  /** What to use instead; such a flag is not in help. */
  readonly deprecated?: string;
}

const KEPT = { kept: true };

/** Every flag of kube-proxy, and weir's own: a line each. */
// deno-fmt-ignore
export const FLAGS: readonly Flag[] = [
  ...group("Operation", [
    command("manifests", "string", "Take objects from the YAML and JSON files in this folder, not from an API server"),
    command("dry-run", "bool", "Print the nft scripts instead of applying them; needs neither root nor nft"),
    command("cleanup", "bool", "Remove every rule that weir and kube-proxy make, then exit"),
    command("cleanup-weir-only", "bool", "Remove weir's own rules and leave kube-proxy's, then exit: for the way back to it"),
    command("init-only", "bool", "Check that this machine has what weir needs, set the conntrack parameters, then exit"),
    command("write-config-to", "string", "Write the configuration that is in effect to this file, then exit"),
    command("version", "version", "Print the version and exit; =vX.Y.Z reports that version of Kubernetes instead"),
  ]),
  ...group("Configuration", [
    command("config", "string", "Read the configuration from this file; most other flags are then ignored"),
    derived("hostname-override", "string", "Name of the Node that weir runs on", KEPT),
    field("feature-gates", "gates", "featureGates", "Switch features on and off"),
    field("config-sync-period", "duration", "configSyncPeriod", "No effect: every list of the API server is compared in full"),
    field("oom-score-adj", "int32", "oomScoreAdj", "oom_score_adj of the process, -1000 to 1000"),
    command("boot-id-file", "string", "No effect"),
    command("machine-id-file", "string", "No effect"),
  ]),
  ...group("API server", [
    command("master", "string", "URL of the API server, instead of the one in the kubeconfig"),
    field("kubeconfig", "string", "clientConnection.kubeconfig", "How to reach the API server; in-cluster without it"),
    field("kube-api-content-type", "string", "clientConnection.contentType", "No effect: weir asks for protobuf, and takes JSON", { byDefault: "" }),
    field("kube-api-qps", "float", "clientConnection.qps", "No effect: weir holds a few watches, and limits its Events by itself"),
    field("kube-api-burst", "int32", "clientConnection.burst", "No effect: see --kube-api-qps"),
  ]),
  ...group("Traffic", [
    field("proxy-mode", "string", "mode", 'Mode: "nftables"; "iptables", "ipvs" and "userspace" become nftables'),
    command("strict-mode", "bool", 'Refuse every mode but "nftables"'),
    field("cluster-cidr", "string", "clusterCIDR", "Addresses of pods: one CIDR, or one of each IP family"),
    field("detect-local-mode", "string", "detectLocalMode", "How to tell traffic of local pods", { byDefault: "ClusterCIDR" }),
    field("pod-bridge-interface", "string", "detectLocal.bridgeInterface", "Bridge of the pods, for BridgeInterface"),
    field("pod-interface-name-prefix", "string", "detectLocal.interfaceNamePrefix", "Start of the names, for InterfaceNamePrefix"),
    field("nodeport-addresses", "list", "nodePortAddresses", 'Where node ports answer: CIDRs, or "primary"'),
    derived("masquerade-all", "bool", "Masquerade all traffic to cluster IPs"),
    field("bind-address", "ip", "bindAddress", "Primary IP of the node; nothing listens on it"),
  ]),
  ...group("Health and metrics", [
    derived("healthz-bind-address", "ipport", "Where the health server listens", { byDefault: "0.0.0.0:10256" }),
    derived("metrics-bind-address", "ipport", "Where the metrics server listens", { byDefault: "127.0.0.1:10249" }),
    derived("healthz-port", "int32", "Port of the health server; 0 switches it off", { deprecated: "healthz-bind-address" }),
    derived("metrics-port", "int32", "Port of the metrics server", { deprecated: "metrics-bind-address" }),
    field("bind-address-hard-fail", "bool", "bindAddressHardFail", "End when one of the two cannot listen"),
    field("profiling", "bool", "enableProfiling", "No effect: weir serves no profiles"),
    field("show-hidden-metrics-for-version", "string", "showHiddenMetricsForVersion", "No effect: weir hides no metrics"),
  ]),
  ...group("Sync", [
    derived("iptables-sync-period", "duration", "Longest wait after a failed sync, in every mode but ipvs; unhealthy after twice that", { byDefault: "30s" }),
    derived("iptables-min-sync-period", "duration", "Shortest time between syncs, in every mode but ipvs", { byDefault: "1s" }),
    derived("ipvs-sync-period", "duration", "Longest wait after a failed sync, in mode ipvs; unhealthy after twice that", { byDefault: "30s" }),
    derived("ipvs-min-sync-period", "duration", "Shortest time between syncs, in mode ipvs", { byDefault: "1s" }),
  ]),
  ...group("Connection tracking", [
    field("conntrack-max-per-core", "int32", "conntrack.maxPerCore", "Connections to track per CPU; 0 leaves the limit"),
    field("conntrack-min", "int32", "conntrack.min", "Least connections to track in all"),
    field("conntrack-tcp-timeout-established", "duration", "conntrack.tcpEstablishedTimeout", "Idle time of established TCP; 0 leaves it"),
    field("conntrack-tcp-timeout-close-wait", "duration", "conntrack.tcpCloseWaitTimeout", "Time of TCP in CLOSE_WAIT; 0 leaves it"),
    field("conntrack-tcp-be-liberal", "bool", "conntrack.tcpBeLiberal", "Accept TCP packets outside the window"),
    field("conntrack-udp-timeout", "duration", "conntrack.udpTimeout", "Idle time of unanswered UDP; 0 leaves it"),
    field("conntrack-udp-timeout-stream", "duration", "conntrack.udpStreamTimeout", "Idle time of answered UDP; 0 leaves it"),
  ]),
  ...group("Options of other modes", [
    field("iptables-masquerade-bit", "int32", "iptables.masqueradeBit", "Bit of the packet mark that asks for masquerading"),
    field("iptables-localhost-nodeports", "bool", "iptables.localhostNodePorts", "No effect: node ports do not answer on 127.0.0.1"),
    field("ipvs-scheduler", "string", "ipvs.scheduler", "IPVS scheduler; every one becomes a random choice"),
    field("ipvs-exclude-cidrs", "list", "ipvs.excludeCIDRs", "No effect: weir removes no IPVS server of others"),
    field("ipvs-strict-arp", "bool", "ipvs.strictARP", "No effect: Service addresses are on no interface"),
    field("ipvs-tcp-timeout", "duration", "ipvs.tcpTimeout", "No effect: see the conntrack flags"),
    field("ipvs-tcpfin-timeout", "duration", "ipvs.tcpFinTimeout", "No effect: see the conntrack flags"),
    field("ipvs-udp-timeout", "duration", "ipvs.udpTimeout", "No effect: see the conntrack flags"),
  ]),
  ...group("Logging", [
    field("v", "level", "logging.verbosity", "Verbosity of the log", { ...KEPT, short: "v" }),
    derived("vmodule", "vmodule", "Verbosity by file, for the text format", KEPT),
    field("logging-format", "string", "logging.format", 'Format of the log: "text" or "json"', KEPT),
    field("log-flush-frequency", "duration", "logging.flushFrequency", "No effect: lines are written at once", KEPT),
    field("log-text-split-stream", "bool", "logging.options.text.splitStream", "No effect: all lines go to stderr", KEPT),
    field("log-text-info-buffer-size", "quantity", "logging.options.text.infoBufferSize", "No effect: all lines go to stderr", KEPT),
    field("log-json-split-stream", "bool", "logging.options.json.splitStream", "No effect: all lines go to stderr", KEPT),
    field("log-json-info-buffer-size", "quantity", "logging.options.json.infoBufferSize", "No effect: all lines go to stderr", KEPT),
  ]),
];

/** A flag that tells the command what to do, and is no part of the configuration. */
function command(name: string, type: FlagTypeName, help: string): Row {
  return { name, type, help, kept: true };
}

/** A flag that sets one field of the configuration. */
function field(
  name: string,
  type: FlagTypeName,
  field: FieldPath,
  help: string,
  more: Partial<Row> = {},
): Row {
  return { name, type, field, help, ...more };
}

/** A flag whose effect on the configuration depends on other values: `apply_flags.ts` knows it. */
function derived(name: string, type: FlagTypeName, help: string, more: Partial<Row> = {}): Row {
  return { name, type, help, ...more };
}

type Row = Omit<Flag, "group">;

function group(name: string, rows: readonly Row[]): Flag[] {
  return rows.map((row) => ({ ...row, group: name }));
}
