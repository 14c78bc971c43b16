/**
 * The vDSO: code and a page of data in every program, which tell the time without a system call.
 *
 * Two kinds of data page, with and without the time of day; one page of code right above either. They belong to the
 * kernel: programs can neither write the data nor change each other's code, and may unmap both.
 */
import type { Errno } from '@veridian-os/abi';
import { PAGE_SIZE, isErrno, panic } from '@veridian-os/abi';
import type { Counter } from '@veridian-os/hal';
import type { Kernel } from '@veridian-os/kernel';
import { PROT_EXEC, PROT_READ, type PageSource, type UserSpace } from '@veridian-os/memory';
import { writeDataPage } from './data-page.js';
import { TEXT, type VdsoCode } from './code.js';
import { sharedObject, type ObjectTarget } from './shared-object.js';

/** What an ISA brings. */
export interface VdsoTarget extends ObjectTarget {
  code(): VdsoCode;
}

interface DataPage {
  readonly source: PageSource;
  readonly view: DataView;
  readonly realOffset: number;
}

interface Image {
  readonly image: Uint8Array;
  /** Byte offset of the signal-return code. */
  readonly sigreturn: number;
}

/** An ISA's image is the same for every kernel; assembling it takes 2 ms, a good part of a boot. */
const images = new WeakMap<VdsoTarget, Image>();

function imageOf(target: VdsoTarget): Image {
  const known = images.get(target);
  if (known !== undefined) return known;
  const code = target.code();
  const made = { image: sharedObject(target, code), sigreturn: TEXT + code.sigreturn };
  images.set(target, made);
  return made;
}

export class Vdso {
  private readonly counter: Counter;
  private readonly cpus: number;
  private readonly code: PageSource;
  private readonly sigreturn: number;
  /** Without and with the time of day. */
  private readonly data: readonly DataPage[];

  /** @throws KernelPanic `linux/boot-memory` when there are no frames for it */
  constructor(kernel: Kernel, counter: Counter, target: VdsoTarget) {
    this.counter = counter;
    this.cpus = kernel.machine.cpus.length;
    const { image, sigreturn } = imageOf(target);
    this.sigreturn = sigreturn;
    this.code = codePage(kernel, image);
    this.data = [false, true].map((knowsDay) => {
      const { source, bytes } = ownPage(kernel);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      return { source, view, realOffset: kernel.time.epochMs(knowsDay) };
    });
    this.publish();
    kernel.time.observers.push(() => this.publish());
  }

  /**
   * Maps both pages, one below the other, as high as there is room.
   * @returns addresses of the image and of the signal-return code, or ENOMEM
   */
  map(space: UserSpace, knowsDay: boolean): { readonly image: number; readonly sigreturn: number } | Errno {
    const readable = { prot: PROT_READ, maxProt: PROT_READ, shared: false, label: '[vvar]' };
    const data = space.map({
      ...readable,
      address: 0,
      length: 2 * PAGE_SIZE,
      source: this.data[Number(knowsDay)].source,
    });
    if (data < 0) return data as Errno;
    const image = data + PAGE_SIZE;
    const mapped = space.map({
      address: image,
      length: PAGE_SIZE,
      prot: PROT_READ | PROT_EXEC,
      shared: false,
      source: this.code,
      placement: 'replace',
      label: '[vdso]',
    });
    return mapped < 0 ? (mapped as Errno) : { image, sigreturn: image + this.sigreturn };
  }

  private publish(): void {
    for (const { view, realOffset } of this.data) writeDataPage(view, this.counter, realOffset, this.cpus);
  }
}

/** One page of machine code, shared by all processes through private mappings, so that nobody can change another's. */
export function codePage(kernel: Kernel, code: Uint8Array): PageSource {
  const { source, bytes, frame } = ownPage(kernel);
  bytes.set(code);
  kernel.machine.mmu.syncCode(frame, 1);
  return source;
}

function ownPage(kernel: Kernel) {
  const source = kernel.memory.createRegion(PAGE_SIZE);
  if (typeof source === 'number') return panic('linux/boot-memory', 'no region for a page of the vDSO');
  const frame = source.page(0, true);
  if (isErrno(frame)) return panic('linux/boot-memory', 'no frame for a page of the vDSO');
  return { source, frame, bytes: kernel.memory.bytes.view(frame) };
}
