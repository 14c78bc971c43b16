/** Names of a directory as its last reading from the start found them, at positions that stay the same. */
export class Listing {
  private positions = new Map<string, number>();
  private entries: [number, string][] = [];
  private next = 1;

  /** Names that are still there keep their positions; new ones come last. */
  refresh(names: readonly string[]): void {
    const known = this.positions;
    this.positions = new Map(names.map((name) => [name, known.get(name) ?? this.next++]));
    this.entries = names.map((name) => [this.positions.get(name) as number, name]);
    this.entries.sort((a, b) => a[0] - b[0]);
  }

  /** The names that come after `cursor`, by position. */
  *after(cursor: number): Generator<[number, string]> {
    const { entries } = this;
    let low = 0;
    let high = entries.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (entries[middle][0] <= cursor) low = middle + 1;
      else high = middle;
    }
    for (let at = low; at < entries.length; at++) yield entries[at];
  }
}
