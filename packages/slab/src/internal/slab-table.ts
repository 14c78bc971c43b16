/** What is known of each slab: 16 words by its number, from 1 on. */
import { OF_FRAME, OF_NEXT, SLAB_SHIFT } from './constants.js';

export class SlabTable {
  /** Replaced when it grows. */
  words = new Int32Array(16 << SLAB_SHIFT);
  /** Numbers below were given out once. */
  end = 1;
  /** First number that came back, 0 for none. */
  private vacant = 0;

  /** A number with words that are all zero. */
  create(): number {
    let id = this.vacant;
    if (id !== 0) this.vacant = this.words[(id << SLAB_SHIFT) + OF_NEXT];
    else id = this.end++;
    const at = id << SLAB_SHIFT;
    if (at === this.words.length) {
      const larger = new Int32Array(2 * at);
      larger.set(this.words);
      this.words = larger;
    }
    this.words.fill(0, at, at + (1 << SLAB_SHIFT));
    return id;
  }

  release(id: number): void {
    const at = id << SLAB_SHIFT;
    this.words[at + OF_FRAME] = -1;
    this.words[at + OF_NEXT] = this.vacant;
    this.vacant = id;
  }
}
