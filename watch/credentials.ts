import type { Clock } from "../model/clock.ts";
import type { ClusterAccess, Material, Surroundings } from "./kubeconfig.ts";

/** What one request to the API server presents. PEM texts; absent when not used. */
export interface Presented {
  readonly authorization?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Where requests get what they present. */
export interface Credentials {
  /** What to present now; files are read again when the last look is too long ago. */
  current(): Promise<Presented>;
  /** Forgets everything that is held, as the server has refused it. */
  invalidate(): void;
}

/** Milliseconds for which the content of a file is trusted. */
const FRESH_MS = 10_000;

/** Makes the credentials that `access` describes. */
export function createCredentials(
  access: ClusterAccess,
  world: { readonly readTextFile: Surroundings["readTextFile"]; readonly clock: Clock },
): Credentials {
  const files = new FileCredentials(access, world.readTextFile, world.clock);
  return access.plugin === undefined ? files : new PluginCredentials(access.plugin, files);
}

/** Certificates, keys and tokens from the kubeconfig itself and from files that may rotate. */
class FileCredentials implements Credentials {
  readonly #access: ClusterAccess;
  readonly #readTextFile: Surroundings["readTextFile"];
  readonly #clock: Clock;
  #held: { readonly value: Promise<Presented>; readonly at: number } | undefined;

  constructor(access: ClusterAccess, readTextFile: Surroundings["readTextFile"], clock: Clock) {
    this.#access = access;
    this.#readTextFile = readTextFile;
    this.#clock = clock;
  }

  current(): Promise<Presented> {
    const now = this.#clock.monotonic();
    if (this.#held !== undefined && now - this.#held.at < FRESH_MS) return this.#held.value;
    const value = this.#read();
    this.#held = { value, at: now };
    value.catch(() => this.invalidate());
    return value;
  }

  invalidate(): void {
    this.#held = undefined;
  }

  async #read(): Promise<Presented> {
    const { ca, cert, key, token, basic } = this.#access;
    const [caText, certText, keyText, tokenText] = await Promise.all(
      [ca, cert, key, token].map((material) => this.#textOf(material)),
    );
    const authorization = tokenText !== undefined
      ? `Bearer ${tokenText.trim()}`
      : basic && `Basic ${btoa(`${basic.username}:${basic.password}`)}`;
    return {
      ...(authorization !== undefined && { authorization }),
      ...(caText !== undefined && { ca: caText }),
      ...(certText !== undefined && { cert: certText }),
      ...(keyText !== undefined && { key: keyText }),
    };
  }

  async #textOf(material: Material | undefined): Promise<string | undefined> {
    if (material === undefined) return undefined;
    if ("text" in material) return material.text;
    try {
      return await this.#readTextFile(material.file);
    } catch (cause) {
      const detail = cause instanceof Error ? cause.message : String(cause);
      const { origin } = this.#access;
      throw new Error(`Cannot read "${material.file}", named by ${origin}: ${detail}`, { cause });
    }
  }
}

/**
 * Tokens and certificates from exec plugins and auth providers, through client-node's `KubeConfig`.
 *
 * That library is imported at the first request only, as it takes half a second and 90 MB. It keeps what a plugin
 * returned until its expiry, so it can be asked for every request.
 */
class PluginCredentials implements Credentials {
  readonly #plugin: NonNullable<ClusterAccess["plugin"]>;
  readonly #files: Credentials;
  #config: Promise<import("@kubernetes/client-node").KubeConfig> | undefined;

  constructor(plugin: NonNullable<ClusterAccess["plugin"]>, files: Credentials) {
    this.#plugin = plugin;
    this.#files = files;
  }

  async current(): Promise<Presented> {
    const files = await this.#files.current();
    const config = await (this.#config ??= this.#load());
    const options: Parameters<typeof config.applyToHTTPSOptions>[0] = {};
    await config.applyToHTTPSOptions(options);
    const headers = (options.headers ?? {}) as Readonly<Record<string, unknown>>;
    const authorization = headers["Authorization"];
    return {
      ...files,
      ...(typeof authorization === "string" && { authorization }),
      ...(options.cert && { cert: String(options.cert) }),
      ...(options.key && { key: String(options.key) }),
    };
  }

  invalidate(): void {
    this.#files.invalidate();
    this.#config = undefined;
  }

  async #load(): Promise<import("@kubernetes/client-node").KubeConfig> {
    const { KubeConfig } = await import("@kubernetes/client-node");
    const config = new KubeConfig();
    config.loadFromString(this.#plugin.text);
    config.makePathsAbsolute(this.#plugin.folder);
    return config;
  }
}
