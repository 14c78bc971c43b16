#!/usr/bin/env node
/**
 * What examples/page needs to boot Linux, into its `public/linux`: OpenSBI (Debian's package opensbi), the fetched Debian
 * kernel, and an initial RAM disk with busybox (tools/fetch-programs.mjs --dynamic). Packed with gzip: a browser unpacks it.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { locateProgram } from '../programs/locate.mjs';
import { buildInitramfs } from './lib/initramfs.mjs';

const FIRMWARE = '/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin';
const FOLDER = resolve(import.meta.dirname, '../examples/page/public/linux');

/** What is missing, and how to get it; undefined when everything is there. */
export function missingPageFile() {
  if (!existsSync(FIRMWARE)) return `${FIRMWARE}: apt-get install opensbi`;
  const missing = ['linux-riscv64', 'busybox'].find((name) => !existsSync(locateProgram(name)?.path ?? ''));
  return missing && `${missing}: node tools/fetch-programs.mjs --dynamic`;
}

/** Writes the files. @returns their bytes, unpacked */
export function writePageFiles() {
  const images = {
    bios: readFileSync(FIRMWARE),
    kernel: readFileSync(locateProgram('linux-riscv64').path),
    initrd: buildInitramfs({ busybox: readFileSync(locateProgram('busybox').path) }),
  };
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(join(FOLDER, 'firmware.bin'), images.bios);
  writeFileSync(join(FOLDER, 'kernel.gz'), gzipSync(images.kernel));
  writeFileSync(join(FOLDER, 'initramfs.cpio.gz'), gzipSync(images.initrd));
  return images;
}

if (process.argv[1] === import.meta.filename) {
  const missing = missingPageFile();
  if (missing === undefined) {
    writePageFiles();
    console.log(`${FOLDER}: firmware.bin kernel.gz initramfs.cpio.gz`);
  } else {
    console.error(`page-files: expected ${missing}`);
    process.exitCode = 1;
  }
}
