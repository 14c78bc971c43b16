/** What a shell remembers: variables, parameters, options, the last status. A subshell works on a copy. */

export interface ShellOptions {
  /** `-e`: a command that fails ends the shell. */
  errexit: boolean;
  /** `-x`: commands are shown before they run. */
  xtrace: boolean;
}

export class ShellState {
  /** Value by name. */
  readonly variables: Map<string, string>;
  /** Names that children see. */
  readonly exported: Set<string>;
  /** `$0`. */
  name: string;
  /** `$1`, `$2`, ... */
  positional: readonly string[];
  /** `$?` */
  status = 0;
  /** `$$`: the pid of the first shell, also in its subshells. */
  readonly pid: number;
  /** `$!`: the last background process; 0 = none yet. */
  lastBackground = 0;
  readonly options: ShellOptions = { errexit: false, xtrace: false };

  constructor(pid: number, name: string, positional: readonly string[], env: readonly string[]) {
    this.pid = pid;
    this.name = name;
    this.positional = positional;
    this.variables = new Map();
    this.exported = new Set();
    for (const entry of env) {
      const at = entry.indexOf('=');
      if (at < 1) continue;
      this.variables.set(entry.slice(0, at), entry.slice(at + 1));
      this.exported.add(entry.slice(0, at));
    }
  }

  copy(): ShellState {
    const copy = new ShellState(this.pid, this.name, this.positional, []);
    for (const [name, value] of this.variables) copy.variables.set(name, value);
    for (const name of this.exported) copy.exported.add(name);
    copy.status = this.status;
    copy.lastBackground = this.lastBackground;
    Object.assign(copy.options, this.options);
    return copy;
  }

  /** Variable or special parameter; undefined = unset. `@` and `*` are the caller's affair. */
  lookup(name: string): string | undefined {
    switch (name) {
      case '?':
        return String(this.status);
      case '$':
        return String(this.pid);
      case '!':
        return this.lastBackground === 0 ? undefined : String(this.lastBackground);
      case '#':
        return String(this.positional.length);
      case '0':
        return this.name;
      case '-':
        return `${this.options.errexit ? 'e' : ''}${this.options.xtrace ? 'x' : ''}`;
      default:
        return /^\d+$/.test(name) ? this.positional[Number(name) - 1] : this.variables.get(name);
    }
  }

  /** The environment of a child, `NAME=value` each, with changes for this one. */
  environment(extra: readonly (readonly [string, string])[]): string[] {
    const merged = new Map<string, string>();
    for (const name of this.exported) {
      const value = this.variables.get(name);
      if (value !== undefined) merged.set(name, value);
    }
    for (const [name, value] of extra) merged.set(name, value);
    return [...merged].map(([name, value]) => `${name}=${value}`);
  }
}

/** A name that can be assigned to. */
export function isVariableName(text: string): boolean {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(text);
}
