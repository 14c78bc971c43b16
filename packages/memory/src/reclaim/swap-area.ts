/**
 * The swap area: pages of private memory on a block device.
 *
 * Units      a slot is one page, 4096 / sectorSize sectors from `slot` times that many on
 * States     of a slot: free; in memory (a frame holds its contents, as while it is written or read); on the device alone
 * References `users` = swapped page-table entries that refer to the slot; a frame in memory has one reference of the area's
 * Protocol   a page that is written stays in memory until the device is done, so a fault in between finds it; after an error
 *            of the device the frame stays, the only copy, until its last user has gone
 * Cost       every operation O(1); 18 bytes a slot
 */
import { BlockOperation, EIO, ENOMEM, PAGE_SIZE, WAIT_IO, WOULD_BLOCK, panic } from '@veridian-os/abi';
import type { BlockDevice, Errno, Frame, FrameSource, WaitPort, WaitQueueId } from '@veridian-os/abi';

/** Frames from here on are slots: 2^47 bytes, as far as entries of every format reach and beyond any machine's memory. */
export const SWAP_BASE = 2 ** 35;

const State = { Idle: 0, Reading: 1, Writing: 2, Unreadable: 3, Waiting: 4 } as const;

const NO_FRAME = -1;

export class SwapArea {
  /** Pages that fit, and pages that are there. */
  readonly slots: number;
  usedSlots = 0;
  /** Writes under way. */
  writing = 0;
  /** Pages written and read so far. */
  pagesOut = 0;
  pagesIn = 0;
  /** Woken with WAIT_IO when a read ends, and when a write frees a frame. */
  readonly ioQueue: WaitQueueId;
  private readonly device: BlockDevice;
  private readonly frames: FrameSource;
  private readonly waits: WaitPort;
  private readonly sectorsPerPage: number;
  private readonly users: Uint32Array;
  private readonly frameOf: Float64Array;
  private readonly state: Uint8Array;
  /** 1 = the device has the slot's contents. */
  private readonly isWritten: Uint8Array;
  /** Slots below it have been used once; those that are free again form a stack. */
  private highest = 0;
  private readonly freed: Int32Array;
  private freedCount = 0;
  /** Writes that the device had no room for, and whether it had none for a read. */
  private readonly waiting: number[] = [];
  private refused = false;
  /** The device failed to write: nothing more is sent there. */
  private broken = false;

  /** @throws RangeError when not a page fits or it is read-only */
  constructor(device: BlockDevice, frames: FrameSource, waits: WaitPort) {
    const slots = Math.floor((device.sectors * device.sectorSize) / PAGE_SIZE);
    if (device.readOnly) throw new RangeError('swap: expected a writable device, got a read-only one');
    if (slots < 1) throw new RangeError(`swap: expected room for a page, got ${device.sectors} sectors`);
    this.device = device;
    this.frames = frames;
    this.waits = waits;
    this.ioQueue = waits.create();
    this.slots = slots;
    this.sectorsPerPage = PAGE_SIZE / device.sectorSize;
    this.users = new Uint32Array(slots);
    this.frameOf = new Float64Array(slots).fill(NO_FRAME);
    this.state = new Uint8Array(slots);
    this.isWritten = new Uint8Array(slots);
    this.freed = new Int32Array(slots);
  }

  /** Slots that {@link assign} could give; none once the device has failed to write. */
  get freeSlots(): number {
    return this.broken ? 0 : this.slots - this.usedSlots;
  }

  /** A slot for `frame`, with no user yet; the caller's reference to the frame becomes the area's. ENOMEM when it is full. */
  assign(frame: Frame): number | Errno {
    if (this.freeSlots === 0) return ENOMEM;
    const slot = this.freedCount > 0 ? this.freed[--this.freedCount] : this.highest++;
    this.usedSlots++;
    this.frameOf[slot] = frame;
    this.isWritten[slot] = 0;
    return slot;
  }

  /** Writes an assigned slot's frame, which is given back when that is done. */
  write(slot: number): void {
    this.writing++;
    this.state[slot] = State.Writing;
    const result = this.submit(BlockOperation.Write, slot);
    if (result === 0) return;
    if (result !== WOULD_BLOCK) this.written(slot, EIO);
    else {
      this.state[slot] = State.Waiting;
      this.waiting.push(slot);
    }
  }

  /**
   * The frame with a slot's contents, the area's reference to it: WOULD_BLOCK while it is read (wait on `ioQueue`), EIO when
   * that failed (the next call tries again), ENOMEM.
   */
  load(slot: number): Frame | Errno {
    if (this.frameOf[slot] === NO_FRAME && this.state[slot] !== State.Unreadable) {
      const error = this.fetch(slot);
      if (error < 0) return error as Errno;
    }
    return this.loaded(slot);
  }

  /** The frame of a slot that {@link assign} gave. */
  frame(slot: number): Frame {
    return this.frameOf[slot] as Frame;
  }

  /** One more user. */
  retain(slot: number): void {
    this.users[slot]++;
  }

  /**
   * One user less, who has the frame that {@link load} gave now: the area keeps its reference only while the device works or
   * has no copy. A further user gets a frame of his own.
   */
  take(slot: number): void {
    this.release(slot);
    if (this.users[slot] > 0 && this.state[slot] === State.Idle && this.isWritten[slot] === 1) this.forget(slot);
  }

  /** One user less; the last one frees the slot, and with it the area's reference to a frame. */
  release(slot: number): void {
    if (this.users[slot] === 0) panic('memory/swap-slot-free', `release of slot ${slot}`);
    this.users[slot]--;
    if (this.users[slot] === 0) this.freeIfIdle(slot);
  }

  /** Sends the writes that the device had no room for, and has reads tried again. */
  resume(): void {
    if (this.refused) {
      this.refused = false;
      this.wake();
    }
    while (this.waiting.length > 0) {
      const slot = this.waiting[0];
      this.state[slot] = State.Writing;
      const result = this.submit(BlockOperation.Write, slot);
      if (result === WOULD_BLOCK) {
        this.state[slot] = State.Waiting;
        return;
      }
      this.waiting.shift();
      if (result !== 0) this.written(slot, EIO);
    }
  }

  /** Has everybody who waits for a page or a frame try again. */
  wake(): void {
    this.waits.wake(this.ioQueue, WAIT_IO);
  }

  /** Begins to read a slot, and may have ended: 0, ENOMEM, WOULD_BLOCK. */
  private fetch(slot: number): 0 | Errno {
    const frame = this.frames.alloc();
    if (frame < 0) return frame as Errno;
    this.frameOf[slot] = frame;
    this.state[slot] = State.Reading;
    const result = this.submit(BlockOperation.Read, slot);
    if (result === WOULD_BLOCK) {
      this.state[slot] = State.Idle;
      this.forget(slot);
      this.refused = true;
      return WOULD_BLOCK;
    }
    if (result !== 0) this.read(slot, EIO);
    return 0;
  }

  private loaded(slot: number): Frame | Errno {
    if (this.state[slot] === State.Reading) return WOULD_BLOCK;
    if (this.state[slot] !== State.Unreadable) return this.frameOf[slot] as Frame;
    this.state[slot] = State.Idle;
    return EIO;
  }

  private submit(operation: BlockOperation, slot: number): 0 | Errno {
    const { sectorsPerPage, frameOf } = this;
    const done = (result: 0 | Errno): void =>
      operation === BlockOperation.Write ? this.written(slot, result) : this.read(slot, result);
    return this.device.submit({
      operation,
      sector: slot * sectorsPerPage,
      sectors: sectorsPerPage,
      frame: frameOf[slot] as Frame,
      done,
    });
  }

  private written(slot: number, result: 0 | Errno): void {
    this.writing--;
    this.state[slot] = State.Idle;
    if (result === 0) {
      this.pagesOut++;
      this.isWritten[slot] = 1;
      this.forget(slot);
    } else this.broken = true;
    if (this.users[slot] === 0) this.freeIfIdle(slot);
    this.resume();
    this.wake();
  }

  private read(slot: number, result: 0 | Errno): void {
    this.state[slot] = result === 0 ? State.Idle : State.Unreadable;
    if (result === 0) this.pagesIn++;
    else this.forget(slot);
    if (this.users[slot] === 0) this.freeIfIdle(slot);
    this.resume();
    this.wake();
  }

  /** Called for slots without users: what the device still works on is freed when it is done. */
  private freeIfIdle(slot: number): void {
    const state = this.state[slot];
    if (state === State.Reading || state === State.Writing || state === State.Waiting) return;
    this.forget(slot);
    this.state[slot] = State.Idle;
    this.freed[this.freedCount++] = slot;
    this.usedSlots--;
  }

  private forget(slot: number): void {
    const frame = this.frameOf[slot];
    if (frame === NO_FRAME) return;
    this.frameOf[slot] = NO_FRAME;
    this.frames.release(frame as Frame);
  }
}
