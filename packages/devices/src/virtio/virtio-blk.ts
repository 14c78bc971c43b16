/**
 * A disk.
 *
 * A request is a header of 16 bytes and data on the readable side, data and one byte of status on the writable side.
 * Data goes through a buffer of the device's own: a backend that answers late never touches the RAM of a driver that has
 * reset the device meanwhile.
 * Source: VIRTIO 1.2, section 5.2.
 */
import { SECTOR_BYTES, type BlockBackend } from './block-backend.js';
import type { Chain } from './chain.js';
import { put16, put32, put64 } from './config-space.js';
import type { VirtioDevice, VirtioPort } from './virtio-device.js';
import { KEPT } from './virtqueue.js';

const Feature = { SegmentsMax: 2, ReadOnly: 5, BlockSize: 6, Flush: 9, Discard: 13, WriteZeroes: 14 } as const;
const Request = { In: 0, Out: 1, Flush: 4, GetId: 8, Discard: 11, WriteZeroes: 13 } as const;
const Status = { Ok: 0, IoError: 1, Unsupported: 2 } as const;
type Status = (typeof Status)[keyof typeof Status];

const TWO_32 = 4294967296;
const HEADER_BYTES = 16;
const ID_BYTES = 20;
const QUEUE_SIZE = 256;
/** Data segments in a request: what the queue holds, less header and status. */
const SEGMENTS_MAX = QUEUE_SIZE - 2;
/** One range of a discard or write-zeroes request: sector, count, flags. */
const RANGE_BYTES = 16;
const RANGES_MAX = 16;
/** Sectors of one range: 64 MiB. */
const RANGE_SECTORS_MAX = 131072;
/** The same where zeroes have to be written one by one: 1 MiB. */
const WRITTEN_ZEROES_MAX = 2048;
const UNMAP = 1;

export interface VirtioBlkOptions {
  /** What the guest sees as the disk's serial number: at most 20 bytes of ASCII. */
  readonly id?: string;
}

export class VirtioBlk implements VirtioDevice {
  readonly deviceId = 2;
  readonly features: readonly number[];
  readonly queueSizes = [QUEUE_SIZE];
  readonly config = new Uint8Array(60);
  private readonly backend: BlockBackend;
  private readonly id = new Uint8Array(ID_BYTES);
  private readonly header = new Uint8Array(HEADER_BYTES);
  private readonly headerView = new DataView(this.header.buffer);
  private spare: Uint8Array<ArrayBuffer> = new Uint8Array(65536);
  private spareBusy = false;
  private port: VirtioPort | undefined;

  constructor(backend: BlockBackend, options: VirtioBlkOptions = {}) {
    this.backend = backend;
    new TextEncoder().encodeInto(options.id ?? 'veridian', this.id);
    const features: number[] = [Feature.SegmentsMax, Feature.BlockSize, Feature.Flush];
    if (backend.readOnly) features.push(Feature.ReadOnly);
    else {
      features.push(Feature.WriteZeroes);
      if (backend.discard !== undefined) features.push(Feature.Discard);
    }
    this.features = features;
    this.describe();
  }

  private get zeroesMax(): number {
    return this.backend.writeZeroes === undefined ? WRITTEN_ZEROES_MAX : RANGE_SECTORS_MAX;
  }

  private describe(): void {
    const { config } = this;
    put64(config, 0, this.backend.sectors);
    put32(config, 12, SEGMENTS_MAX);
    put32(config, 20, SECTOR_BYTES);
    put16(config, 34, 1); // queues
    put32(config, 36, RANGE_SECTORS_MAX);
    put32(config, 40, RANGES_MAX);
    put32(config, 44, 1); // alignment of discards, in sectors
    put32(config, 48, this.zeroesMax);
    put32(config, 52, RANGES_MAX);
    config[56] = 1; // write zeroes may unmap
  }

  connect(port: VirtioPort): void {
    this.port = port;
  }

  start(): void {
    // nothing to prepare
  }

  notify(queue: number): boolean {
    return this.port!.queue(queue).drain(this.serve);
  }

  reset(): void {
    // Open requests end in vain: their chains are of another epoch.
  }

  writeConfig(): void {
    // Nothing is writable: the cache mode is not offered.
  }

  private readonly serve = (chain: Chain): number => {
    const { readableLength, writableLength } = chain;
    if (readableLength < HEADER_BYTES || writableLength < 1) {
      this.port!.fail(`a request of ${readableLength} bytes with room for ${writableLength}`);
      return 0;
    }
    chain.read(0, this.header);
    const type = this.headerView.getUint32(0, true);
    const sector = this.headerView.getUint32(12, true) * TWO_32 + this.headerView.getUint32(8, true);
    switch (type) {
      case Request.In:
        return this.read(chain, sector);
      case Request.Out:
        return this.write(chain, sector);
      case Request.Flush:
        return this.answer(chain, () => this.backend.flush?.());
      case Request.GetId:
        return finish(chain, chain.write(0, this.id.subarray(0, writableLength - 1)), Status.Ok);
      case Request.Discard:
      case Request.WriteZeroes:
        return this.ranges(chain, type);
      default:
        return finish(chain, 0, Status.Unsupported);
    }
  };

  private read(chain: Chain, sector: number): number {
    const length = chain.writableLength - 1;
    if (!this.inside(sector, length)) return finish(chain, 0, Status.IoError);
    const data = this.take(length);
    const copy = (): number => chain.write(0, data);
    return this.answer(chain, () => this.backend.read(sector, data), copy, data);
  }

  private write(chain: Chain, sector: number): number {
    const length = chain.readableLength - HEADER_BYTES;
    if (this.backend.readOnly || !this.inside(sector, length)) return finish(chain, 0, Status.IoError);
    const data = this.take(length);
    chain.read(HEADER_BYTES, data);
    return this.answer(chain, () => this.backend.write(sector, data), none, data);
  }

  /** Whole sectors of the disk, at least one. */
  private inside(sector: number, length: number): boolean {
    return length > 0 && length % SECTOR_BYTES === 0 && sector + length / SECTOR_BYTES <= this.backend.sectors;
  }

  /** Discard and write zeroes: everything is checked before anything is done. */
  private ranges(chain: Chain, type: number): number {
    const zeroes = type === Request.WriteZeroes;
    if (this.backend.readOnly) return finish(chain, 0, Status.IoError);
    if (!zeroes && this.backend.discard === undefined) return finish(chain, 0, Status.Unsupported);
    const length = chain.readableLength - HEADER_BYTES;
    if (length === 0 || length % RANGE_BYTES !== 0 || length > RANGES_MAX * RANGE_BYTES) {
      return finish(chain, 0, Status.Unsupported);
    }
    const bytes = new Uint8Array(length);
    chain.read(HEADER_BYTES, bytes);
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < length; at += RANGE_BYTES) {
      const status = zeroes
        ? this.checkRange(view, at, UNMAP, this.zeroesMax)
        : this.checkRange(view, at, 0, RANGE_SECTORS_MAX);
      if (status !== Status.Ok) return finish(chain, 0, status);
    }
    return this.answer(chain, () => this.applyRanges(view, zeroes));
  }

  private checkRange(view: DataView, at: number, flags: number, sectorsMax: number): Status {
    if (view.getUint32(at + 12, true) & ~flags) return Status.Unsupported;
    const sectors = view.getUint32(at + 8, true);
    const fits = sectors <= sectorsMax && sectorAt(view, at) + sectors <= this.backend.sectors;
    return fits ? Status.Ok : Status.IoError;
  }

  private applyRanges(view: DataView, zeroes: boolean): void | Promise<void> {
    const waiting: Promise<void>[] = [];
    for (let at = 0; at < view.byteLength; at += RANGE_BYTES) {
      const sector = sectorAt(view, at);
      const sectors = view.getUint32(at + 8, true);
      const unmap = (view.getUint32(at + 12, true) & UNMAP) !== 0;
      const result = zeroes ? this.zero(sector, sectors, unmap) : this.backend.discard!(sector, sectors);
      if (result !== undefined) waiting.push(result);
    }
    return waiting.length === 0 ? undefined : Promise.all(waiting).then(() => undefined);
  }

  private zero(sector: number, sectors: number, unmap: boolean): void | Promise<void> {
    if (this.backend.writeZeroes !== undefined) return this.backend.writeZeroes(sector, sectors, unmap);
    return this.backend.write(sector, new Uint8Array(sectors * SECTOR_BYTES));
  }

  /**
   * Runs a backend's method and completes the chain, now or when its promise settles.
   * @param copy after success, moves data to the guest: bytes written
   * @param data what `take` gave, to be given back
   */
  private answer(chain: Chain, run: () => void | Promise<void>, copy = none, data?: Uint8Array): number {
    let result: void | Promise<void>;
    try {
      result = run();
    } catch {
      this.release(data);
      return finish(chain, 0, Status.IoError);
    }
    if (result === undefined) {
      const written = finish(chain, copy(), Status.Ok);
      this.release(data);
      return written;
    }
    const settle = (status: Status): void => {
      const queue = this.port!.queue(0);
      if (queue.owns(chain)) queue.complete(chain, finish(chain, status === Status.Ok ? copy() : 0, status));
      this.release(data);
    };
    result.then(
      () => settle(Status.Ok),
      () => settle(Status.IoError),
    );
    return KEPT;
  }

  private take(length: number): Uint8Array {
    if (this.spareBusy) return new Uint8Array(length);
    if (this.spare.length < length) this.spare = new Uint8Array(length);
    this.spareBusy = true;
    return this.spare.subarray(0, length);
  }

  private release(data: Uint8Array | undefined): void {
    if (data?.buffer === this.spare.buffer) this.spareBusy = false;
  }
}

function none(): number {
  return 0;
}

function sectorAt(view: DataView, at: number): number {
  return view.getUint32(at + 4, true) * TWO_32 + view.getUint32(at, true);
}

/**
 * Writes the status, the last writable byte. @returns what the used ring says: bytes from the start of the writable
 * side that are written without a gap
 */
function finish(chain: Chain, data: number, status: Status): number {
  const last = chain.writableLength - 1;
  chain.write(last, Uint8Array.of(status));
  return data === last ? last + 1 : data;
}
