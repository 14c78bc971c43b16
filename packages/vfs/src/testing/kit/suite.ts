/** How groups of the kit declare cases. */
import { KitEnv, type FileSystemFixture } from './env.js';
import type { Runner } from './runner.js';

/** What the file system under test can do; cases that need more are left out. Every field defaults to true. */
export interface FileSystemFeatures {
  /** `link`. */
  readonly hardLinks?: boolean;
  readonly symlinks?: boolean;
  /** FIFOs and device nodes as inodes. */
  readonly nodes?: boolean;
  /** RENAME_EXCHANGE. */
  readonly exchange?: boolean;
  /** Permission bits, uid and gid are stored. */
  readonly modes?: boolean;
  /** Times are stored to the nanosecond. */
  readonly times?: boolean;
  /** st_nlink counts links and subdirectories. */
  readonly linkCounts?: boolean;
  /** Names are case sensitive, and any UTF-8 without '/' and NUL. */
  readonly posixNames?: boolean;
}

export class Suite {
  readonly features: Required<FileSystemFeatures>;
  private readonly runner: Runner;
  private readonly make: () => FileSystemFixture;

  constructor(runner: Runner, make: () => FileSystemFixture, features: FileSystemFeatures) {
    this.runner = runner;
    this.make = make;
    this.features = {
      hardLinks: true,
      symlinks: true,
      nodes: true,
      exchange: true,
      modes: true,
      times: true,
      linkCounts: true,
      posixNames: true,
      ...features,
    };
  }

  group(name: string, body: () => void): void {
    this.runner.describe(name, body);
  }

  /** A case in an environment of its own, which must leave nothing behind. */
  test(name: string, body: (env: KitEnv) => void): void {
    this.runner.it(name, () => this.once(body));
  }

  /** A case that makes its environments itself, with {@link once}. */
  row(name: string, body: () => void): void {
    this.runner.it(name, body);
  }

  /** Runs `body` in a new environment, within a case. */
  once(body: (env: KitEnv) => void): void {
    const env = new KitEnv(this.make());
    body(env);
    env.finish();
  }
}
