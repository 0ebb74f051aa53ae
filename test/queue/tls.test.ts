/** A server with TLS and a certificate of its own authority. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { seawall } from "../cli/program.js";
import { freePort, missingRedis, startRedis } from "./redis.js";

const missing = missingRedis ?? (spawnSync("openssl", ["version"]).error && "openssl is not installed");

describe.skipIf(missing)("a queue over TLS", { timeout: 60_000 }, async () => {
  if (missing) return;
  const folder = mkdtempSync(join(tmpdir(), "seawall-tls-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const [certificate, key] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  const made = spawnSync("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost"],
    ...["-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate],
  ]);
  expect(made.status, String(made.stderr)).toBe(0);
  const port = await freePort();
  await startRedis(
    ...["--port", "0", "--tls-port", String(port), "--tls-cert-file", certificate, "--tls-key-file", key],
    ...["--tls-ca-cert-file", certificate, "--tls-auth-clients", "no"],
  );
  const work = (scheme: string, env: Record<string, string> = {}) =>
    seawall(["work", "--queue", `${scheme}://localhost:${port}/tls`, "--idle", "1"], { env });

  it("connects with the authority's file, and says what to do without it", async () => {
    const trusted = await work("rediss", { NODE_EXTRA_CA_CERTS: certificate });
    expect(trusted.code, trusted.stderr).toBe(0);
    expect(trusted.stderr).toMatch(/waiting for a run\nno more work; 0 attacks made/);
    const unknown = await work("rediss");
    expect(unknown.code).toBe(2);
    expect(unknown.stderr).toMatch(/certificate is not trusted .* NODE_EXTRA_CA_CERTS/);
    const plain = await work("redis");
    expect(plain.code).toBe(2);
    expect(plain.stderr).toMatch(/if it expects TLS, write rediss:\/\//);
  });
});
