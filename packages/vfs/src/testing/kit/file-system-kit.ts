/** The conformance kit of file systems. */
import { attributeCases } from './attributes.js';
import { contractCases } from './contract.js';
import { dataCases } from './data.js';
import { directoryCases } from './directories.js';
import type { FileSystemFixture } from './env.js';
import { lifetimeCases } from './lifetime.js';
import { linkCases } from './links.js';
import { nameCases } from './names.js';
import type { Runner } from './runner.js';
import { Suite, type FileSystemFeatures } from './suite.js';
import { tableCases } from './tables.js';

/**
 * What every file system must do under a VFS: names, links, renames, directories, data, attributes, lifetimes.
 * @param make everything for one case, anew each time; a file system that waits needs `advance`
 */
export function fileSystemKit(runner: Runner, make: () => FileSystemFixture, features: FileSystemFeatures = {}): void {
  const suite = new Suite(runner, make, features);
  contractCases(suite);
  tableCases(suite);
  nameCases(suite);
  linkCases(suite);
  directoryCases(suite);
  dataCases(suite);
  attributeCases(suite);
  lifetimeCases(suite);
}
