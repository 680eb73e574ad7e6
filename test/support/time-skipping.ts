import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { execa } from 'execa';
import { cacheDirectory } from '../../src/config/directories.js';
import { searchAttributeNames } from '../../src/domain/contracts.js';
import { obtainOnce } from '../../src/temporal/embedded/cache.js';
import { freePort } from '../../src/temporal/embedded/ports.js';
import { probePort } from '../../src/temporal/probe-port.js';
import { addSearchAttributes } from '../../src/temporal/search-attributes.js';
import './quiet-runtime.js';

const release = '1.32.0';

/**
 * A test environment whose clock runs ahead while every workflow only waits. It has neither schedules nor
 * visibility. Tear it down in the end.
 */
export async function createTimeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const executable = await obtainTimeSkippingServer();
  for (let attempt = 1; ; attempt++) {
    try {
      const environment = await TestWorkflowEnvironment.createTimeSkipping({ server: { executable } });
      await addSearchAttributes(environment.connection, 'default', searchAttributeNames);
      return environment;
    } catch (error) {
      // The SDK waits no longer, however busy the machine is.
      if (attempt === 5 || !String(error).includes('did not start within 5s')) throw error;
    }
  }
}

/** Where the time-skipping server comes from: from Maven, for Java 17, else the SDK's own download. */
export async function obtainTimeSkippingServer(onProgress: (line: string) => void = () => {}) {
  if (!(await hasJava()) || !(await hasMaven()))
    return { type: 'cached-download', downloadDir: await folderOfDownloads() } as const;
  const folder = join(cacheDirectory(), `temporal-test-server-${release}`);
  await obtainOnce(
    folder,
    async (unfinished) => {
      onProgress(`fetching Temporal's time-skipping test server ${release} by Maven (34 MB, once)`);
      await mkdir(unfinished);
      await fetchJars(unfinished);
      await writeWrapper(unfinished);
      await archiveClasses(unfinished);
    },
    () => onProgress("waiting for another process that fetches Temporal's test server"),
  );
  return { type: 'existing-path', path: join(folder, 'test-server') } as const;
}

async function hasJava(): Promise<boolean> {
  const { stderr, exitCode } = await execa('java', ['-version'], { reject: false });
  return exitCode === 0 && Number(/version "(\d+)/.exec(stderr)?.[1]) >= 17;
}

async function hasMaven(): Promise<boolean> {
  return (await execa('mvn', ['--version'], { reject: false })).exitCode === 0;
}

async function folderOfDownloads(): Promise<string> {
  await mkdir(cacheDirectory(), { recursive: true });
  return cacheDirectory();
}

/** Maven copies the server and all it depends on. */
async function fetchJars(folder: string): Promise<void> {
  const pom = join(folder, 'pom.xml');
  await writeFile(pom, project);
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies';
  const { exitCode, all } = await execa('mvn', ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${folder}`], {
    reject: false,
    all: true,
  });
  if (exitCode === 0) return;
  throw new Error(
    `mvn could not fetch the time-skipping server (apt-get install maven): ${all?.slice(-500)}`,
  );
}

const java = 'java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx256m';
const program = "-cp './*' io.temporal.testserver.TestServer";

const project = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>holdfast</groupId><artifactId>time-skipping</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>io.temporal</groupId><artifactId>temporal-test-server</artifactId><version>${release}</version></dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>2.0.16</version></dependency>
  </dependencies>
</project>
`;

/**
 * The SDK runs it with the port and flags of its own server. The class path is relative, since the folder moves.
 * The watcher ends it when the test run was killed.
 */
async function writeWrapper(folder: string): Promise<void> {
  const script = `#!/bin/sh
cd "$(dirname "$0")"
( ( while kill -0 $PPID && kill -0 $$; do sleep 1; done; kill $$ ) >/dev/null 2>&1 & )
exec ${java} -XX:SharedArchiveFile=classes.jsa ${program} "$@"
`;
  await writeFile(join(folder, 'test-server'), script);
  await chmod(join(folder, 'test-server'), 0o755);
}

/**
 * Has Java store its loaded classes, with which the server starts in a third of the time: the SDK waits five
 * seconds for it, which a busy machine may need without. Java does without the archive where there is none.
 */
async function archiveClasses(folder: string): Promise<void> {
  const port = await freePort();
  const script = `exec ${java} -XX:ArchiveClassesAtExit=classes.jsa ${program} ${port}`;
  const server = execa('/bin/sh', ['-c', script], {
    cwd: folder,
    reject: false,
    stdio: 'ignore',
    timeout: 60_000,
  });
  let hasEnded = false;
  void server.then(() => {
    hasEnded = true;
  });
  while (!hasEnded && (await probePort('127.0.0.1', port, 1_000))) await delay(100);
  server.kill('SIGTERM');
  await server;
}
