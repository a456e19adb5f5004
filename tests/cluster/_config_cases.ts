/** What is asked of both: flags, and the fields of a configuration file where there is one. */
export interface Case {
  readonly file?: string;
  readonly args?: readonly string[];
}

/** Flags that kube-proxy does not have. */
export const OWN_FLAGS: readonly string[] = [
  "cleanup-weir-only",
  "dry-run",
  "manifests",
  "strict-mode",
];

/** A difference that weir means to have. Every one is described in docs/differences.md. */
export interface Difference {
  /** The heading of its section there. */
  readonly section: string;
  /** The fields that it is seen in. */
  readonly path: RegExp;
  /** What the two write, as JSON; undefined for nothing. */
  readonly kubeProxy: string | undefined;
  readonly weir: string | undefined;
  readonly reason: string;
}

/** Every difference that there may be. */
export const DIFFERENCES: readonly Difference[] = [
  {
    section: "`minSyncPeriod: 0s` means no pause",
    path: /^(iptables|nftables)\.minSyncPeriod$/,
    kubeProxy: '"1s"',
    weir: '"0s"',
    reason: "0s in a file means no pause, as it does in a flag, and not the default",
  },
  {
    section: "Logging options of the file count",
    path: /^logging\.options\.(text|json)\.splitStream$/,
    kubeProxy: undefined,
    weir: "true",
    reason: "kube-proxy writes the default of its flag over what the file says",
  },
  {
    section: "A configuration is shown as it was written",
    path: /^logging\.options\.(text|json)\.infoBufferSize$/,
    kubeProxy: '"1536"',
    weir: '"1.5Ki"',
    reason: "a quantity stays as it is written; it is the same number",
  },
  {
    section: "A configuration is shown as it was written",
    path: /^logging\.flushFrequency$/,
    kubeProxy: "1500000000",
    weir: '"1.5s"',
    reason: "nanoseconds are shown as a duration; it is the same time",
  },
  {
    section: "A configuration is shown as it was written",
    path: /^clientConnection\.qps$/,
    kubeProxy: "123456790",
    weir: "123456789",
    reason: "kube-proxy keeps it as a number of 32 bits",
  },
  {
    section: "A configuration is shown as it was written",
    path: /^(nodePortAddresses|ipvs\.excludeCIDRs)$/,
    kubeProxy: "[]",
    weir: "null",
    reason: "an empty list is shown like none; both mean the same",
  },
  {
    section: "`--write-config-to` shows what would run",
    path: /^healthzBindAddress$/,
    kubeProxy: '"0.0.0.0:10256"',
    weir: '""',
    reason: "kube-proxy leaves --healthz-port out when it writes, although it counts when it runs",
  },
];

const LOGGING_ALPHA = "featureGates: {LoggingAlphaOptions: true}";

/** A value of its own for every field that counts in nftables mode, and more. */
export const EVERY_FIELD = `
${LOGGING_ALPHA}
clientConnection: {kubeconfig: /a b/c, acceptContentTypes: a/b, contentType: c/d, qps: 0.1, burst: 7}
logging:
  flushFrequency: 2500ms
  verbosity: 3
  vmodule: [{filePattern: "a*", verbosity: 7}, {filePattern: "yes", verbosity: 0}]
  options: {text: {infoBufferSize: 1024}, json: {infoBufferSize: 4Ki}}
hostnameOverride: " Foo: #x\\tb "
bindAddress: "::"
bindAddressHardFail: true
enableProfiling: yes
showHiddenMetricsForVersion: "1.35"
mode: nftables
iptables: {masqueradeBit: 0, masqueradeAll: true, localhostNodePorts: false, syncPeriod: 11s}
ipvs:
  syncPeriod: 12s
  scheduler: sh
  excludeCIDRs: [10.0.0.0/8, ""]
  strictARP: true
  tcpTimeout: 1.5s
  tcpFinTimeout: 1ms
  udpTimeout: 1us
nftables: {masqueradeBit: 3, masqueradeAll: true, syncPeriod: 13s, minSyncPeriod: 2s}
winkernel:
  networkName: "null"
  sourceVip: x
  rootHnsEndpointName: "0x12"
  enableDSR: true
  forwardHealthCheckVip: true
detectLocalMode: BridgeInterface
detectLocal: {bridgeInterface: br0, interfaceNamePrefix: "y"}
clusterCIDR: 10.0.0.0/8,fd00::/48
nodePortAddresses: [10.0.0.0/8, "::/0"]
oomScoreAdj: 0
conntrack:
  maxPerCore: 0
  min: 1
  tcpEstablishedTimeout: 0s
  tcpCloseWaitTimeout: 1h2m3.5s
  tcpBeLiberal: true
  udpTimeout: 5m
  udpStreamTimeout: "0"
configSyncPeriod: 1h
portRange: "1-2"
windowsRunAsService: true`;

const PERIODS = `
iptables: {syncPeriod: 11s, minSyncPeriod: 1s, masqueradeAll: true}
ipvs: {syncPeriod: 12s, minSyncPeriod: 2s}
nftables: {syncPeriod: 13s, minSyncPeriod: 3s, masqueradeAll: true}`;

/** The flags of which the mode decides what they mean. */
export const PERIOD_FLAGS = [
  "--iptables-sync-period=5s",
  "--iptables-min-sync-period=2s",
  "--ipvs-sync-period=7s",
  "--ipvs-min-sync-period=3s",
  "--masquerade-all",
];

/** What both accept. */
export const ACCEPTED: readonly Case[] = [
  {},
  { file: "" },
  { file: EVERY_FIELD },
  ...["", "iptables", "ipvs", "nftables"].flatMap((mode): Case[] => [
    { file: `mode: "${mode}"` },
    { file: `mode: "${mode}"${PERIODS}` },
    { args: [`--proxy-mode=${mode}`] },
    { args: [`--proxy-mode=${mode}`, ...PERIOD_FLAGS] },
    { args: [`--proxy-mode=${mode}`, "--iptables-min-sync-period=0", "--ipvs-min-sync-period=0"] },
    { file: `mode: "${mode}"`, args: PERIOD_FLAGS },
  ]),
  { file: "iptables: {minSyncPeriod: 0s}" },
  { file: "mode: nftables\nnftables: {minSyncPeriod: 0s}" },
  { file: "mode: ipvs\nipvs: {minSyncPeriod: 0s}" },
  { file: "clientConnection: {qps: 0, burst: 0}\nconfigSyncPeriod: 0s\nbindAddress: 1.2.3.4" },
  { file: "clientConnection: {qps: -1.5}\noomScoreAdj: 010\nmode:" },
  { file: "logging: {verbosity: 0o10, flushFrequency: }\nfeatureGates: {AllAlpha: }" },
  { file: "clientConnection: {qps: 123456789}" },
  { file: "iptables: null\nnodePortAddresses:\nconntrack: {tcpEstablishedTimeout: }" },
  { file: "nodePortAddresses: []\nipvs: {excludeCIDRs: []}\nfeatureGates: {}" },
  { file: "nodePortAddresses: [primary]" },
  { file: "healthzBindAddress: 1.2.3.4\nmetricsBindAddress: fd00::1" },
  { file: 'healthzBindAddress: ""\nmetricsBindAddress: "[::1]:1"\nbindAddress: fd00::1' },
  { file: "unknown: 1\nhostnameOverride: a\nhostnameOverride: b" },
  { file: "hostnameOverride: 2020-01-01\nclusterCIDR: 010.001.0.0/016" },
  { file: "logging: {flushFrequency: 1500000000}" },
  { file: `${LOGGING_ALPHA}\nlogging: {options: {text: {splitStream: true}}}` },
  { file: "logging: {options: {text: {splitStream: true}, json: {splitStream: yes}}}" },
  { file: `${LOGGING_ALPHA}\nlogging: {options: {json: {infoBufferSize: 1.5Ki}}}` },
  { file: LOGGING_ALPHA, args: ["--log-text-split-stream", "--log-json-info-buffer-size=4Ki"] },
  {
    file: "logging: {verbosity: 2, vmodule: [{filePattern: a, verbosity: 1}]}",
    args: ["-v=7", "--vmodule=b=3,c=4", "--vmodule=d=5", "--ipvs-scheduler=sh", "--kube-api-qps=9"],
  },
  {
    file: "logging: {format: json}",
    args: ["--logging-format=text", "--log-flush-frequency=250ms"],
  },
  { file: "hostnameOverride: foo", args: ["--hostname-override=  BaR "] },
  {
    file: "featureGates: {AllAlpha: false}\nmode: nftables",
    args: [
      "--feature-gates=AllBeta=true",
      "--proxy-mode=ipvs",
      "--kubeconfig=/x",
      "--healthz-port=0",
      "--metrics-bind-address=1.2.3.4:5",
      "--cluster-cidr=10.0.0.0/8",
      "--oom-score-adj=1",
      "--master=https://192.0.2.1",
    ],
  },
  {
    args: [
      "--logging-format=json",
      "--feature-gates=LoggingAlphaOptions=true",
      "--log-json-split-stream",
      "--log-text-info-buffer-size=1k",
      "--log-flush-frequency=1m",
      "--v=4",
    ],
  },
  { args: ["--feature-gates=AllowServiceExternalIPs=false", "--proxy_mode", "nftables"] },
  { args: ["--hostname-override="] },
  { args: ["--oom-score-adj=-010", "--conntrack-min=1_0", "--conntrack-max-per-core", "0b11"] },
  { args: ["--bind-address=", "--healthz-bind-address=", "--metrics-bind-address="] },
  {
    args: [
      "--bind-address=::1",
      "--healthz-bind-address=[::1]:5",
      "--metrics-bind-address=1.2.3.4:6",
    ],
  },
  { args: ["--healthz-port=9999", "--metrics-port=9998"] },
  { args: ["--healthz-port=0"] },
  { args: ["--nodeport-addresses=10.0.0.0/8", "--nodeport_addresses=::/0,fd00::/8"] },
  { args: ["--nodeport-addresses=", "--ipvs-exclude-cidrs="] },
  { args: ["--cluster-cidr=fd00::/48,10.0.0.0/8"] },
  { args: ["--cluster-cidr=", "--detect-local-mode=NodeCIDR"] },
  { args: ["--kube-api-qps=0", "--kube-api-burst=0", "--kube-api-content-type="] },
  {
    args: ["--feature-gates=AllAlpha=false, NativeHistograms = true", "--feature-gates=AllBeta=1"],
  },
  { args: ["--detect-local-mode=BridgeInterface", "--pod-bridge-interface=br0"] },
  { args: ["--detect-local-mode=InterfaceNamePrefix", "--pod-interface-name-prefix=veth"] },
  {
    args: [
      "--iptables-masquerade-bit=3",
      "--iptables-localhost-nodeports=false",
      "--ipvs-scheduler=sh",
      "--ipvs-strict-arp",
      "--ipvs-tcp-timeout=1s",
      "--ipvs-tcpfin-timeout=2s",
      "--ipvs-udp-timeout=3s",
      "--oom-score-adj=-5",
      "--config-sync-period=90s",
      "--profiling",
      "--bind-address-hard-fail",
      "--show-hidden-metrics-for-version=1.35",
      "--kubeconfig=/x",
    ],
  },
  {
    args: [
      "--conntrack-max-per-core=0",
      "--conntrack-min=0",
      "--conntrack-tcp-timeout-established=0",
      "--conntrack-tcp-timeout-close-wait=0s",
      "--conntrack-tcp-be-liberal",
      "--conntrack-udp-timeout=90s",
      "--conntrack-udp-timeout-stream=1h1m",
    ],
  },
];

/** A case that both refuse, unless it says why weir means to accept it. */
export interface RefusedCase extends Case {
  readonly accepted?: Pick<Difference, "section" | "reason">;
}

/** What both refuse, but for what weir means to accept. */
export const REFUSED: readonly RefusedCase[] = [
  { file: "mode: kernelspace" },
  {
    file: "mode: userspace",
    accepted: {
      section: "Other modes run as nftables",
      reason: "clusters that still have it can change the image first",
    },
  },
  {
    args: ["--proxy-mode=userspace"],
    accepted: { section: "Other modes run as nftables", reason: "as in a file" },
  },
  { file: "syncPeriod: {" },
  { file: "configSyncPeriod: 30" },
  { file: "configSyncPeriod: ''" },
  { file: "clientConnection: {burst: -1}" },
  { file: "bindAddress: '[::]'" },
  { file: "metricsBindAddress: 1.2.3.4:http" },
  { file: "nodePortAddresses: [primary, 10.0.0.0/8]" },
  { file: "iptables: {masqueradeBit: 32}" },
  { file: "iptables: {syncPeriod: -5s, minSyncPeriod: 2s}" },
  { file: "clusterCIDR: 10.0.0.0/8,10.1.0.0/16" },
  { file: "detectLocalMode: BridgeInterface" },
  { file: "featureGates: {Foo: true}" },
  { file: "featureGates: {NFTablesProxyMode: false}" },
  { file: "logging: {options: {text: {splitStream: true, infoBufferSize: 1}}}" },
  { file: "logging: {format: json}", args: ["--vmodule=a=1"] },
  { file: "hostnameOverride: foo", args: ["--hostname-override=   "] },
  { args: ["--config-sync-period=0"] },
  { args: ["--iptables-sync-period=0"] },
  { args: ["--oom-score-adj=1001"] },
  { args: ["--show-hidden-metrics-for-version=1.34"] },
  { args: ["--feature-gates=AllAlpha"] },
  { args: ["--no-such-flag"] },
  { args: ["--oom-score-adj=08"] },
  { args: ["-v=0x1"] },
  { file: "", args: ["--metrics-bind-address=1.2.3.4:"] },
  { args: ["word"] },
  {
    args: ["--log-text-split-stream"],
    accepted: { section: "Logging options of the file count", reason: "as in a file" },
  },
  { args: ["--log-text-info-buffer-size=1Ki"] },
  {
    args: ["--cluster-cidr="],
    accepted: { section: "No CIDR is no CIDR", reason: "in a flag as in a file" },
  },
  {
    args: ["--healthz-bind-address=127.0.0.1"],
    accepted: {
      section: "`--write-config-to` shows what would run",
      reason: "an address without a port gets the default one, as when kube-proxy runs",
    },
  },
];
