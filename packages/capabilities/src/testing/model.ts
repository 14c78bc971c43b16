/**
 * The naive model: capabilities are plain objects with a parent and a list of children, spaces are arrays. It knows what an
 * operation must do and which errors it may give; which slot and generation a token has is the table's affair, only that no
 * token ever comes back is the model's.
 */
import { EACCES, EBADF, EINVAL, ENOMEM, ENOSPC } from '@veridian-os/abi';
import { Rights } from '../api.js';

export interface ModelToken {
  readonly space: number;
  readonly lo: number;
  readonly hi: number;
}

export interface ModelCapability {
  token: ModelToken;
  readonly type: number;
  readonly object: number;
  readonly rights: number;
  readonly badge: number;
  parent: ModelCapability | undefined;
  readonly children: Set<ModelCapability>;
}

export function tokenKey({ space, lo, hi }: ModelToken): string {
  return `${space}:${lo}:${hi}`;
}

export class CapabilityModel {
  readonly live = new Map<string, ModelCapability>();
  /** Every token ever given out. */
  readonly tokens: ModelToken[] = [];
  /** Quota of each live space. */
  readonly spaces = new Map<number, number>();
  private readonly dead = new Map<string, readonly [number, number]>();
  private readonly seen = new Set<string>();
  private readonly capacity: number;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  find(token: ModelToken): ModelCapability | undefined {
    return this.live.get(tokenKey(token));
  }

  used(space: number): number {
    return [...this.live.values()].filter((capability) => capability.token.space === space).length;
  }

  /** Records a token that the table made. @throws Error when it was given out before */
  issue(token: ModelToken): void {
    const key = tokenKey(token);
    if (this.seen.has(key)) throw new Error(`token ${key} was given out before`);
    this.seen.add(key);
    this.tokens.push(token);
  }

  add(fields: Omit<ModelCapability, 'children'>): void {
    const capability: ModelCapability = { ...fields, children: new Set() };
    this.issue(fields.token);
    this.live.set(tokenKey(fields.token), capability);
    fields.parent?.children.add(capability);
  }

  /** The capability gets another token and space. */
  rename(capability: ModelCapability, token: ModelToken): void {
    this.issue(token);
    this.live.delete(tokenKey(capability.token));
    capability.token = token;
    this.live.set(tokenKey(token), capability);
  }

  /** Its children become its parent's. */
  remove(capability: ModelCapability): void {
    this.live.delete(tokenKey(capability.token));
    capability.parent?.children.delete(capability);
    for (const child of capability.children) {
      child.parent = capability.parent;
      capability.parent?.children.add(child);
    }
    const { type, object } = capability;
    if (![...this.live.values()].some((other) => other.type === type && other.object === object))
      this.dead.set(`${type}:${object}`, [type, object]);
  }

  descendants(capability: ModelCapability): ModelCapability[] {
    return [...capability.children].flatMap((child) => [child, ...this.descendants(child)]);
  }

  /** Forgets an object that the table reported dead. @throws Error when it should not have */
  takeDead(type: number, object: number): void {
    if (!this.dead.delete(`${type}:${object}`))
      throw new Error(`object ${type}:${object} is not dead, or reported twice`);
  }

  /** @throws Error when a dead object has not been reported */
  checkNoneDead(): void {
    if (this.dead.size > 0) throw new Error(`dead objects were not reported: ${[...this.dead.keys()].join(' ')}`);
  }

  /** Errors for want of room in `space`. */
  roomErrors(space: number): number[] {
    const errors: number[] = [];
    if (this.used(space) >= this.spaces.get(space)!) errors.push(ENOSPC);
    if (this.live.size >= this.capacity) errors.push(ENOMEM);
    return errors;
  }

  mintErrors(source: ModelCapability | undefined, toSpace: number, rights: number, badge: number): number[] {
    if (source === undefined) return [EBADF];
    const errors = this.roomErrors(toSpace);
    if ((source.rights & Rights.Mint) === 0 || (rights & ~source.rights) !== 0) errors.push(EACCES);
    else if (source.token.space !== toSpace && (source.rights & Rights.Grant) === 0) errors.push(EACCES);
    if (badge !== 0 && source.badge !== 0) errors.push(EINVAL);
    return errors;
  }

  copyErrors(source: ModelCapability | undefined, toSpace: number): number[] {
    if (source === undefined) return [EBADF];
    const errors = this.roomErrors(toSpace);
    if (source.token.space !== toSpace && (source.rights & Rights.Grant) === 0) errors.push(EACCES);
    return errors;
  }

  moveErrors(source: ModelCapability | undefined, toSpace: number): number[] {
    if (source === undefined) return [EBADF];
    const errors: number[] = [];
    if ((source.rights & Rights.Grant) === 0) errors.push(EACCES);
    if (source.token.space !== toSpace && this.used(toSpace) >= this.spaces.get(toSpace)!) errors.push(ENOSPC);
    return errors;
  }

  revokeErrors(source: ModelCapability | undefined): number[] {
    if (source === undefined) return [EBADF];
    return (source.rights & Rights.Mint) === 0 ? [EACCES] : [];
  }
}
