/** `veridian machines`: which machines work here, found out by booting each. */
import type { Command } from 'commander';
import { standardOutput } from '../host/stdio.js';
import { listMachines, type MachineReport } from '@veridian-os/veridian';

const HELP = `
Each machine is booted once. One that does not work says why in one sentence; the exit status is 0 as long as one works.`;

export function addMachines(program: Command, done: (status: number) => void): void {
  program
    .command('machines')
    .description('list the machines with version, ISA and what works')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP)
    .allowExcessArguments(false)
    .action(async ({ json }: { json?: boolean }) => {
      const reports = await listMachines();
      standardOutput.write(json === true ? `${JSON.stringify(reports, null, 2)}\n` : machinesText(reports));
      done(reports.some(({ available }) => available) ? 0 : 1);
    });
}

/** One line per machine, in columns. */
export function machinesText(reports: readonly MachineReport[]): string {
  const rows = reports.map((report) => [
    report.name,
    report.isa,
    report.available ? report.version : 'unavailable',
    report.available ? report.works : report.reason,
  ]);
  const table = [['MACHINE', 'ISA', 'VERSION', 'WHAT WORKS'], ...rows];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((row) => row[column].length)));
  return table
    .map((row) => `${row.map((cell, column) => (column < 3 ? cell.padEnd(widths[column]) : cell)).join('  ')}\n`)
    .join('');
}
