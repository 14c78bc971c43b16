/**
 * Compiles Go programs without a network, a module or a home folder: the standard library alone, statically linked.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/** Go's names of the ISAs. */
const GOARCH = { riscv64: 'riscv64', x86_64: 'amd64', aarch64: 'arm64' };

/**
 * @param cache folder for what may be used again, such as the compiled standard library
 * @returns what spawnSync returns, with text; `error` when there is no `go` (Debian: golang-go)
 */
export function compileGo(source, output, isa, cache) {
  const environment = {
    ...process.env,
    GOCACHE: join(cache, 'go-build'),
    GOPATH: join(cache, 'go'),
    GOENV: 'off',
    GOFLAGS: '',
    GO111MODULE: 'off',
    GOTOOLCHAIN: 'local',
    CGO_ENABLED: '0',
    GOOS: 'linux',
    GOARCH: GOARCH[isa],
  };
  const args = ['build', '-trimpath', '-ldflags=-s -w', '-o', output, source];
  return spawnSync('go', args, { encoding: 'utf8', env: environment });
}
