import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate of 127.0.0.1 for which nobody vouches but itself. */
export interface Certificate extends Disposable {
  /** Its file. */
  path: string;
  key: Buffer;
  cert: Buffer;
}

export function createCertificate(): Certificate {
  const folder = mkdtempSync(join(tmpdir(), 'hf-tls-'));
  const [keyFile, path] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const what = ['-days', '1', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1'];
  execFileSync('openssl', [...how, ...what, '-keyout', keyFile, '-out', path], { stdio: 'ignore' });
  return {
    ...{ path, key: readFileSync(keyFile), cert: readFileSync(path) },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
