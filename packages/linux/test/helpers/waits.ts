/** A wait port that remembers what it was told. */
import type { WaitPort, WaitQueueId } from '@veridian-os/abi';

export class RecordedWaits implements WaitPort {
  readonly wakes: [queue: number, events: number][] = [];
  readonly live = new Set<number>();
  private next = 1;

  create(): WaitQueueId {
    this.live.add(this.next);
    return this.next++ as WaitQueueId;
  }

  destroy(queue: WaitQueueId): void {
    if (!this.live.delete(queue)) throw new Error(`destroy of dead queue ${queue}`);
  }

  wake(queue: WaitQueueId, events: number): void {
    if (!this.live.has(queue)) throw new Error(`wake of dead queue ${queue}`);
    this.wakes.push([queue, events]);
  }

  /** Events of one queue's wakes since the last call. */
  take(queue: number): number[] {
    const events = this.wakes.filter(([woken]) => woken === queue).map(([, bits]) => bits);
    this.wakes.length = 0;
    return events;
  }
}
