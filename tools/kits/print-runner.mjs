/** A runner for kits without a test framework: cases run one after the other and failures are printed as they come. */
export class PrintRunner {
  cases = [];
  path = [];
  groups = [];

  describe = (name, body) => {
    this.path.push(name);
    this.groups.push({ before: [], after: [] });
    body();
    this.path.pop();
    this.groups.pop();
  };
  it = (name, body) => void this.cases.push({ name: [...this.path, name].join(' > '), body, groups: [...this.groups] });
  beforeAll = (hook) => void hook();
  afterAll = () => undefined;
  beforeEach = (hook) => void this.groups.at(-1).before.push(hook);
  afterEach = (hook) => void this.groups.at(-1).after.push(hook);

  /**
   * Runs the cases whose name has `part` in it, but for the first `from` of them.
   * @returns how many passed and failed, and how many there are with the first ones
   */
  async run(part = '', from = 0) {
    let [passed, failed] = [0, 0];
    const asked = this.cases.filter((each) => each.name.includes(part));
    for (const { name, body, groups } of asked.slice(from)) {
      try {
        for (const { before } of groups) for (const hook of before) await hook();
        await body();
        passed++;
      } catch (error) {
        failed++;
        console.log(`FAIL ${name}: ${String(error?.message ?? error).split('\n')[0]}`);
      }
      for (const { after } of groups) for (const hook of after) await hook();
      if ((passed + failed) % 25 === 0) console.log(`${from + passed + failed} cases`);
    }
    return { passed, failed, of: asked.length };
  }
}
