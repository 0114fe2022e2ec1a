/** A certificate authority of the tests' own, made with openssl when first asked for. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Creates keys and certificates in a folder of its own. */
export class Authority {
  readonly folder = mkdtempSync(join(tmpdir(), "authority-"));
  readonly caFile = join(this.folder, "ca.pem");
  readonly ca: string;

  constructor() {
    this.openssl(["req", "-x509", ...KEY, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA"]);
    this.ca = readFileSync(this.caFile, "latin1");
  }

  /** A certificate signed by the authority, for `subjectAltName`; expired long ago if asked. */
  issue(
    name: string,
    altNames: string,
    expired = false,
  ): { cert: string; key: string; certFile: string; keyFile: string } {
    this.openssl(["req", ...KEY, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", `/CN=${name}`]);
    writeFileSync(
      join(this.folder, "ca.cnf"),
      "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ncertificate=ca.pem\nprivate_key=ca.key\n" +
        `default_md=sha256\nunique_subject=no\npolicy=p\n[p]\ncommonName=supplied\n[e]\nsubjectAltName=${altNames}\n`,
    );
    writeFileSync(join(this.folder, "index.txt"), "");
    writeFileSync(join(this.folder, "serial"), `${Math.floor(Math.random() * 1e8) + 1e8}`.slice(0, 8));
    const dates = expired ? ["-startdate", "20200101000000Z", "-enddate", "20210101000000Z"] : ["-days", "1"];
    this.openssl([
      "ca",
      "-batch",
      "-config",
      "ca.cnf",
      "-extensions",
      "e",
      "-notext",
      ...dates,
      "-in",
      `${name}.csr`,
      "-out",
      `${name}.pem`,
    ]);
    return this.files(name);
  }

  selfSigned(name: string, altNames: string) {
    this.openssl([
      "req",
      "-x509",
      ...KEY,
      "-keyout",
      `${name}.key`,
      "-out",
      `${name}.pem`,
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      "-addext",
      `subjectAltName=${altNames}`,
    ]);
    return this.files(name);
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }

  private files(name: string) {
    const certFile = join(this.folder, `${name}.pem`);
    const keyFile = join(this.folder, `${name}.key`);
    return { cert: readFileSync(certFile, "latin1"), key: readFileSync(keyFile, "latin1"), certFile, keyFile };
  }

  private openssl(args: string[]): void {
    const { exitCode, stderr } = Bun.spawnSync(["openssl", ...args], { cwd: this.folder });
    if (exitCode !== 0) throw new Error(`openssl ${args[0]}: ${stderr.toString()}`);
  }
}

const KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
