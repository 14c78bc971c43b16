/** What random edits and programs must do, as naively as it can be said; speed is no concern here. */
import type { Access } from '../trap.js';
import type { PageEdit, ProgramStep } from './arbitraries.js';
import type { Entry, GuestIsa, Permissions } from './guest-isa.js';

export interface MappedPage {
  readonly frame: number;
  readonly permissions: Permissions;
}

/** A window of pages, each mapped or not. */
export class WindowModel {
  readonly pages: (MappedPage | undefined)[];

  constructor(pages: number) {
    this.pages = Array.from({ length: pages }, () => undefined);
  }

  /** @returns the pages whose entries must be written, in order */
  edit(edit: PageEdit): number[] {
    const before = this.pages[edit.page];
    switch (edit.kind) {
      case 'map':
        this.pages[edit.page] = { frame: edit.frame, permissions: edit.permissions };
        return [edit.page];
      case 'protect':
        if (before === undefined) return [];
        this.pages[edit.page] = { frame: before.frame, permissions: edit.permissions };
        return [edit.page];
      case 'unmap':
        this.pages[edit.page] = undefined;
        return before === undefined ? [] : [edit.page];
      case 'remap':
        if (before === undefined || edit.to === edit.page) return [];
        this.pages[edit.page] = undefined;
        this.pages[edit.to] = before;
        return [edit.page, edit.to];
    }
  }

  /** The frame that a user's access to `page` reaches, or undefined when it must fault. */
  reach(page: number, access: Access): number | undefined {
    const mapped = this.pages[page];
    if (mapped === undefined || mapped.permissions.user === false) return undefined;
    const { read, write, execute } = mapped.permissions;
    return [read, write, execute][access] ? mapped.frame : undefined;
  }
}

const LOW_64 = 2n ** 64n - 1n;

/** Registers and a window of memory that a straight-line program works on. */
export class ProgramModel {
  readonly registers: bigint[];
  readonly memory: Uint8Array;

  constructor(registers: readonly Entry[], memory: Uint8Array) {
    this.registers = registers.map(([lo, hi]) => (BigInt(hi) << 32n) | BigInt(lo));
    this.memory = memory.slice();
  }

  run(program: readonly ProgramStep[]): void {
    for (const step of program) this.step(step);
  }

  step(step: ProgramStep): void {
    switch (step.kind) {
      case 'add':
        this.registers[step.dst] = (this.registers[step.src] + BigInt(step.immediate)) & LOW_64;
        return;
      case 'load':
        this.registers[step.dst] = this.read(step.at, step.width);
        return;
      case 'store':
        this.write(step.at, step.width, this.registers[step.src]);
        return;
      case 'atomicAdd': {
        const old = this.read(step.at, 64);
        this.write(step.at, 64, old + this.registers[step.register]);
        this.registers[step.register] = old;
      }
    }
  }

  /** Low and high word of a register. */
  words(register: number): Entry {
    const value = this.registers[register];
    return [Number(value & 0xffffffffn), Number(value >> 32n)];
  }

  private read(at: number, width: number): bigint {
    let value = 0n;
    for (let i = width / 8 - 1; i >= 0; i--) value = (value << 8n) | BigInt(this.memory[at + i]);
    return value;
  }

  private write(at: number, width: number, value: bigint): void {
    for (let i = 0; i < width / 8; i++) this.memory[at + i] = Number((value >> BigInt(8 * i)) & 255n);
  }
}

/**
 * The program as machine code. Step by step the `pointer` register goes from byte to byte of the window, at whose first
 * byte it starts; register i of the program is `registers[i]`.
 */
export function encodeProgram(
  { code }: GuestIsa,
  program: readonly ProgramStep[],
  pointer: number,
  registers: readonly number[],
): Uint8Array[] {
  const encoded: Uint8Array[] = [];
  let position = 0;
  for (const step of program) {
    if (step.kind === 'add') {
      encoded.push(code.add(registers[step.dst], registers[step.src], step.immediate));
      continue;
    }
    encoded.push(code.add(pointer, pointer, step.at - position), encodeAccess(code, step, pointer, registers));
    position = step.at;
  }
  return encoded;
}

function encodeAccess(
  code: GuestIsa['code'],
  step: Exclude<ProgramStep, { readonly kind: 'add' }>,
  pointer: number,
  registers: readonly number[],
): Uint8Array {
  switch (step.kind) {
    case 'load':
      return code.load(step.width, registers[step.dst], pointer);
    case 'store':
      return code.store(step.width, registers[step.src], pointer);
    case 'atomicAdd':
      return code.atomicAdd(registers[step.register], pointer, registers[step.register]);
  }
}
