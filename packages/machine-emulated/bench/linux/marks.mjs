/**
 * Turns marks on a console into nanoseconds by name, and into peak memory until then; `now` gives the CPU time spent so far,
 * `peak` bytes. A program that fails is an error.
 */
export class Marks {
  text = '';
  begun = { 'linux-boot': 0 };
  spent = {};
  peaks = {};

  constructor(now, peak) {
    this.now = now;
    this.peak = peak;
  }

  hear(piece) {
    this.text += piece;
    for (let end = this.text.indexOf('\n'); end >= 0; end = this.text.indexOf('\n')) {
      const [, what, name] = /@(begin|end|failed) (\S+)/.exec(this.text.slice(0, end)) ?? [];
      this.text = this.text.slice(end + 1);
      if (what === 'failed') throw new Error(`${name}: expected status 0`);
      if (what === 'begin') this.begun[name] = this.now();
      if (what !== 'end') continue;
      this.spent[name] = this.now() - this.begun[name];
      this.peaks[name] = this.peak();
    }
  }
}
