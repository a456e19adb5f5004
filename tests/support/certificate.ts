/** A certificate for 127.0.0.1 and its key, in PEM. It is its own authority. */
export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** Makes a certificate with openssl; resolves to undefined where that cannot be run. */
export async function createCertificate(): Promise<Certificate | undefined> {
  const dir = await Deno.makeTempDir({ prefix: "weir-certificate-" });
  try {
    const { success, stderr } = await new Deno.Command("openssl", {
      args: [
        ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
        ...["-keyout", `${dir}/key`, "-out", `${dir}/cert`, "-days", "2", "-subj", "/CN=weir-test"],
        ...["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=CA:FALSE"],
      ],
      stdout: "null",
      stderr: "piped",
    }).output();
    if (!success) throw new Error(`openssl: ${new TextDecoder().decode(stderr)}`);
    return {
      cert: await Deno.readTextFile(`${dir}/cert`),
      key: await Deno.readTextFile(`${dir}/key`),
    };
  } catch (error) {
    const { NotFound, NotCapable } = Deno.errors;
    if (error instanceof NotFound || error instanceof NotCapable) return undefined;
    throw error;
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
