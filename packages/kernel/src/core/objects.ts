/** The kernel's object table: what a capability's (type, object id) pair names. */
import { panic } from '@veridian-os/abi';
import type { OpenFile } from '@veridian-os/vfs';
import type { Process } from './process.js';

/** Types of kernel objects that capabilities name. */
export const ObjectType = {
  Endpoint: 1,
  Notification: 2,
  /** An open file description, directory or device. */
  File: 3,
  Process: 4,
  /** An interrupt source at the interrupt controller. */
  Interrupt: 5,
  /** A range of device registers on the bus. */
  Device: 6,
  /** The host's time of day. */
  Clock: 7,
  /** Random bytes. */
  Entropy: 8,
  /** Looking at the kernel's own tables: ps, mem, caps. */
  System: 9,
} as const;
export type ObjectType = (typeof ObjectType)[keyof typeof ObjectType];

/** Names for `caps` and traces. */
export const OBJECT_NAMES: readonly string[] = [
  'none',
  'endpoint',
  'notification',
  'file',
  'process',
  'interrupt',
  'device',
  'clock',
  'entropy',
  'system',
];

/** Objects of one type by id; ids are recycled. */
export class ObjectTable<T> {
  private readonly slots: (T | undefined)[] = [];
  private readonly free: number[] = [];
  private count = 0;
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }

  get size(): number {
    return this.count;
  }

  add(object: T): number {
    this.count++;
    const id = this.free.pop();
    if (id === undefined) return this.slots.push(object) - 1;
    this.slots[id] = object;
    return id;
  }

  get(id: number): T {
    const object = this.slots[id];
    if (object === undefined) panic('kernel/object', `${this.name} ${id} is not live`);
    return object;
  }

  remove(id: number): T {
    const object = this.get(id);
    this.slots[id] = undefined;
    this.free.push(id);
    this.count--;
    return object;
  }
}

export interface DeviceGrant {
  readonly base: number;
  readonly length: number;
}

export interface InterruptGrant {
  readonly source: number;
  /** Notification signalled when the source fires, NONE before it is bound. */
  notification: number;
  badge: number;
}

/** Every object that needs a record of its own. Endpoints and notifications live in `ipc`, by their ids. */
export interface KernelObjects {
  readonly files: ObjectTable<OpenFile>;
  readonly processes: ObjectTable<Process>;
  readonly interrupts: ObjectTable<InterruptGrant>;
  readonly devices: ObjectTable<DeviceGrant>;
}
