/** Random operations, and one run of them on a table and the model side by side. */
import { EACCES, EBADF } from '@veridian-os/abi';
import * as fc from 'fast-check';
import { Rights, type CapabilityTable } from '../api.js';
import { CapabilityModel, type ModelCapability, type ModelToken } from './model.js';

/** Numbers that choose among what exists when the command runs; `garbage` replaces the token by a made-up one. */
export interface CapabilityCommand {
  readonly kind: 'createSpace' | 'destroySpace' | 'insert' | 'mint' | 'copy' | 'move' | 'delete' | 'revoke';
  readonly pick: number;
  readonly toSpace: number;
  readonly rights: number;
  readonly badge: number;
  readonly amount: number;
  readonly garbage: boolean;
}

const KINDS = ['createSpace', 'destroySpace', 'insert', 'mint', 'copy', 'move', 'delete', 'revoke'] as const;
/** How often each kind is drawn: trees must grow deep before they are cut. */
const WEIGHTS = [1, 1, 4, 8, 8, 5, 4, 5];

export const capabilityCommand: fc.Arbitrary<CapabilityCommand> = fc.record({
  kind: fc.oneof(...KINDS.map((kind, i) => ({ weight: WEIGHTS[i], arbitrary: fc.constant(kind) }))),
  pick: fc.nat(1e6),
  toSpace: fc.nat(1e6),
  rights: fc.oneof(fc.constant(Rights.All), fc.integer({ min: 0, max: Rights.All })),
  badge: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 2 ** 32 - 1 })),
  amount: fc.integer({ min: 0, max: 6 }),
  garbage: fc.oneof({ weight: 15, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

export const capabilityCommands: fc.Arbitrary<CapabilityCommand[]> = fc.array(capabilityCommand, {
  maxLength: 60,
  size: 'max',
});

function fail(what: string, expected: unknown, got: unknown): never {
  throw new Error(`${what}: expected ${String(expected)}, got ${String(got)}`);
}

function expectSame(what: string, expected: unknown, got: unknown): void {
  if (expected !== got) fail(what, expected, got);
}

/** Runs commands on `table`, which has room for `capacity` capabilities, and compares everything visible after each. */
export class CapabilityRun {
  private readonly table: CapabilityTable;
  private readonly model: CapabilityModel;
  private objects = 0;

  constructor(table: CapabilityTable, capacity: number) {
    this.table = table;
    this.model = new CapabilityModel(capacity);
    for (const slots of [8, 4, 3]) this.model.spaces.set(table.createSpace(slots), slots);
  }

  /** @throws Error that says what differs */
  step(command: CapabilityCommand): void {
    this[command.kind](command);
    while (this.table.takeDead()) this.model.takeDead(this.table.deadType, this.table.deadObject);
    this.model.checkNoneDead();
    this.compare();
  }

  private createSpace({ amount }: CapabilityCommand): void {
    const space = this.table.createSpace(amount + 1);
    if (space < 0) return;
    if (this.model.spaces.has(space)) fail('createSpace', 'a space that is not in use', space);
    this.model.spaces.set(space, amount + 1);
  }

  private destroySpace({ toSpace }: CapabilityCommand): void {
    if (this.model.spaces.size < 3) return;
    const space = this.spaceAt(toSpace);
    this.table.destroySpace(space);
    for (const capability of [...this.model.live.values()])
      if (capability.token.space === space) this.model.remove(capability);
    this.model.spaces.delete(space);
  }

  private insert({ toSpace, rights, badge, pick }: CapabilityCommand): void {
    const space = this.spaceAt(toSpace);
    const type = 1 + (pick % 3);
    // Sometimes a second root of an object that lives already.
    const known = [...this.model.live.values()].at(pick % 7);
    const object = known?.type === type ? known.object : this.objects++;
    const result = this.table.insert(space, type, object, rights, badge);
    if (this.expectResult('insert', result, this.model.roomErrors(space)))
      this.model.add({ token: this.newToken(space), type, object, rights, badge, parent: undefined });
  }

  private mint(command: CapabilityCommand): void {
    const { token, source } = this.pickToken(command);
    const toSpace = this.spaceAt(command.toSpace);
    const rights = command.rights & (command.amount > 0 ? (source?.rights ?? Rights.All) : Rights.All);
    const result = this.table.mint(token.space, token.lo, token.hi, toSpace, rights, command.badge);
    if (!this.expectResult('mint', result, this.model.mintErrors(source, toSpace, rights, command.badge))) return;
    const badge = command.badge === 0 ? source!.badge : command.badge;
    this.model.add({ ...source!, token: this.newToken(toSpace), rights, badge, parent: source });
  }

  private copy(command: CapabilityCommand): void {
    const { token, source } = this.pickToken(command);
    const toSpace = this.spaceAt(command.toSpace);
    const result = this.table.copy(token.space, token.lo, token.hi, toSpace, command.rights);
    if (!this.expectResult('copy', result, this.model.copyErrors(source, toSpace))) return;
    const rights = source!.rights & command.rights;
    this.model.add({ ...source!, token: this.newToken(toSpace), rights, parent: source });
  }

  private move(command: CapabilityCommand): void {
    const { token, source } = this.pickToken(command);
    const toSpace = this.spaceAt(command.toSpace);
    const result = this.table.move(token.space, token.lo, token.hi, toSpace);
    if (this.expectResult('move', result, this.model.moveErrors(source, toSpace)))
      this.model.rename(source!, this.newToken(toSpace));
  }

  private delete(command: CapabilityCommand): void {
    const { token, source } = this.pickToken(command);
    const result = this.table.delete(token.space, token.lo, token.hi);
    if (this.expectResult('delete', result, source === undefined ? [EBADF] : [])) this.model.remove(source!);
  }

  private revoke(command: CapabilityCommand): void {
    const { token, source } = this.pickToken(command);
    const limit = command.amount;
    const result = this.table.revoke(token.space, token.lo, token.hi, limit);
    const errors = this.model.revokeErrors(source);
    if (!this.expectResult('revoke', result < 0 ? result : 0, errors)) return;
    const descendants = this.model.descendants(source!);
    const gone = descendants.filter(({ token: t }) => this.table.typeOf(t.space, t.lo, t.hi) === EBADF);
    expectSame('revoke: deleted', Math.min(limit, descendants.length), gone.length);
    expectSame('revoke: something left', descendants.length > gone.length, result > 0);
    for (const capability of gone) this.model.remove(capability);
  }

  private spaceAt(index: number): number {
    return [...this.model.spaces.keys()][index % this.model.spaces.size];
  }

  private pickToken({ pick, garbage }: CapabilityCommand): { token: ModelToken; source: ModelCapability | undefined } {
    const { tokens, live } = this.model;
    // Mostly live tokens, sometimes any that was ever given out.
    const alive = [...live.values()];
    const chosen = pick % 4 > 0 && alive.length > 0 ? alive[pick % alive.length].token : tokens[pick % tokens.length];
    const known = chosen !== undefined && this.model.spaces.has(chosen.space) ? chosen : undefined;
    const token = known ?? { space: this.spaceAt(pick), lo: pick % 64, hi: pick % 5 };
    const forged = garbage
      ? { space: this.spaceAt(pick), lo: token.lo ^ (pick % 3), hi: token.hi ^ (pick % 9) }
      : token;
    return { token: forged, source: this.model.find(forged) };
  }

  private newToken(space: number): ModelToken {
    return { space, lo: this.table.tokenLo, hi: this.table.tokenHi };
  }

  /** True when the operation succeeded and might. */
  private expectResult(what: string, result: number, errors: number[]): boolean {
    if (errors.length === 0) expectSame(what, 0, result);
    else if (!errors.includes(result)) fail(what, `one of ${errors.join(' ')}`, result);
    return errors.length === 0;
  }

  private compare(): void {
    const { table, model } = this;
    expectSame('liveCount', model.live.size, table.liveCount);
    for (const space of model.spaces.keys())
      expectSame(`slotsUsed(${space})`, model.used(space), table.slotsUsed(space));
    for (const token of model.tokens) this.compareToken(token);
    let visited = 0;
    table.forEach((space, lo, hi, type, object, rights, badge) => {
      visited++;
      const capability = model.find({ space, lo, hi });
      if (capability === undefined) fail('forEach', 'live capabilities only', `${space}:${lo}:${hi}`);
      const { type: t, object: o, rights: r, badge: b } = capability;
      expectSame('forEach', [t, o, r, b].join(), [type, object, rights, badge].join());
    });
    expectSame('forEach: visited', model.live.size, visited);
  }

  private compareToken(token: ModelToken): void {
    const { table, model } = this;
    const { space, lo, hi } = token;
    const capability = model.find(token);
    const at = `token ${space}:${lo}:${hi}`;
    expectSame(`typeOf ${at}`, capability?.type ?? EBADF, table.typeOf(space, lo, hi));
    expectSame(`rightsOf ${at}`, capability?.rights ?? EBADF, table.rightsOf(space, lo, hi));
    expectSame(`badgeOf ${at}`, capability?.badge ?? EBADF, table.badgeOf(space, lo, hi));
    for (let type = 1; type <= 3; type++)
      for (const rights of [0, 1, 2, 4, 8, 16, 32, capability?.rights ?? 0]) {
        const isMine = capability?.type === type;
        const held = isMine && (rights & ~capability.rights) === 0;
        const expected = held ? capability.object : isMine ? EACCES : EBADF;
        expectSame(`lookup ${at} type ${type} rights ${rights}`, expected, table.lookup(space, lo, hi, type, rights));
      }
    for (const other of model.spaces.keys())
      if (model.find({ space: other, lo, hi }) === undefined)
        expectSame(`lookup ${at} from space ${other}`, EBADF, table.lookup(other, lo, hi, capability?.type ?? 1, 0));
  }
}
