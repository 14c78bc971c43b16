#!/usr/bin/env node
/**
 * Writes an initial RAM disk for riscv64: busybox with a shell, and kernel modules.
 *
 *   node tools/make-initramfs.mjs OUT --busybox FILE [--modules FOLDER --module NAME ...]
 *
 * Without --busybox it is the fetched one (tools/fetch-programs.mjs).
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { locateProgram } from '../programs/locate.mjs';
import { buildInitramfs, orderModules } from './lib/initramfs.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { busybox: { type: 'string' }, modules: { type: 'string' }, module: { type: 'string', multiple: true } },
});
const [out] = positionals;
const busybox = values.busybox ?? locateProgram('busybox')?.path;
if (out === undefined || busybox === undefined) {
  console.error('usage: make-initramfs.mjs OUT --busybox FILE [--modules FOLDER --module NAME ...]');
  process.exit(2);
}
const modules = values.modules === undefined ? new Map() : orderModules(values.modules, values.module ?? []);
writeFileSync(out, buildInitramfs({ busybox: readFileSync(busybox), modules }));
console.log(`${out}: ${[...modules.keys()].join(' ') || 'no modules'}`);
