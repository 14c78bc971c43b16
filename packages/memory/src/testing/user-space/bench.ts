/** What every case of the user-space kit starts from. */
import { PAGE_SIZE } from '@veridian-os/abi';
import { AccessKind, FaultResult, PROT_READ, PROT_WRITE } from '../../api.js';
import type { MapRequest, MemoryManager, UserSpace } from '../../api.js';
import { equal, ok } from '../assert.js';
import { FakeFile } from '../fake-file.js';
import { FAULT, FakeMachine } from '../fake-machine.js';
import type { FakeMachineOptions } from '../fake-machine.js';
import type { ManagerFactory } from '../user-space-model.js';

export interface TestFramework {
  describe(name: string, body: () => void): void;
  it(name: string, body: () => void): void;
}

export const RW = PROT_READ | PROT_WRITE;
export const A = 0x4000_0000;
export const GIB = 2 ** 30;
/** Guard below a mapping that grows. */
export const GAP = 256 * PAGE_SIZE;

/** A machine, the manager under test, and one space. */
export class Bench {
  readonly machine: FakeMachine;
  readonly manager: MemoryManager;
  readonly space: UserSpace;

  constructor(create: ManagerFactory, options: FakeMachineOptions = {}, policy: 'linux' | 'strict' = 'linux') {
    this.machine = new FakeMachine(options);
    this.manager = create(this.machine);
    this.space = ok<UserSpace>(this.manager.createSpace(policy), 'createSpace');
  }

  file(pages: number, options: Partial<ConstructorParameters<typeof FakeFile>[2]> = {}): FakeFile {
    return new FakeFile(this.manager.frames, this.manager.bytes, { pages, ...options });
  }

  /** Maps at a fixed place. */
  map(address: number, length: number, prot = RW, more: Partial<MapRequest> = {}): number {
    return this.space.map({ address, length, prot, shared: false, placement: 'replace', ...more });
  }

  /** A guest store with the faults it takes; the last fault's answer when it does not succeed. */
  store(space: UserSpace, address: number, value: number): FaultResult {
    return this.access(space, address, AccessKind.Write, () => this.machine.store(space, address, value));
  }

  /** Byte that the guest reads. @throws Error when it cannot */
  load(space: UserSpace, address: number): number {
    let byte = FAULT;
    const result = this.access(space, address, AccessKind.Read, () => (byte = this.machine.load(space, address)));
    equal(result, FaultResult.Handled, `read of ${address}`);
    return byte;
  }

  private access(space: UserSpace, address: number, kind: AccessKind, attempt: () => number): FaultResult {
    for (let faults = 0; faults < 3; faults++) {
      if (attempt() !== FAULT) return FaultResult.Handled;
      const result = space.fault(address, kind);
      if (result !== FaultResult.Handled) return result;
    }
    throw new Error(`access to ${address} faults for ever`);
  }
}

/** Makes a fresh {@link Bench}. */
export type BenchFactory = (options?: FakeMachineOptions, policy?: 'linux' | 'strict') => Bench;
