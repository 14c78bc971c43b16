/**
 * Descriptors on their way through a socket (SCM_RIGHTS): capabilities in a space that belongs to the receiving end, so
 * that a file stays open while its message waits. A socket that is passed through itself stays alive with its message.
 */
import type { Errno } from '@veridian-os/abi';
import { EBADF } from '@veridian-os/abi';
import type { Kernel, Process, Token } from '@veridian-os/kernel';

/** Too many descriptors are in flight. */
const ETOOMANYREFS = -109 as Errno;
/** Linux's SCM_MAX_FD. */
export const MAX_PASSED = 253;
/** Capabilities that may wait in one end. */
const SPACE_SLOTS = 1024;

export class PassedDescriptors {
  private readonly kernel: Kernel;
  /** Capability space, made for the first message that needs it. */
  private space: number | undefined = undefined;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Copies the sender's descriptors into the space: EBADF, ETOOMANYREFS with nothing copied. */
  put(sender: Process, fds: readonly number[]): Token[] | Errno {
    const tokens: Token[] = [];
    for (const fd of fds) {
      const token = this.putOne(sender, fd);
      if (typeof token === 'number') {
        this.drop(tokens);
        return token;
      }
      tokens.push(token);
    }
    return tokens;
  }

  /** Opens a descriptor for a waiting capability; EMFILE when the receiver has none left (the file is closed then). */
  take(receiver: Process, token: Token, cloexec: boolean): number | Errno {
    const { capabilities, descriptors } = this.kernel;
    const moved = capabilities.move(this.opened(), token.lo, token.hi, receiver.capabilities);
    if (moved < 0) return moved;
    return descriptors.bind(receiver, { lo: capabilities.tokenLo, hi: capabilities.tokenHi }, cloexec);
  }

  /** Closes files that nobody received. */
  drop(tokens: readonly Token[]): void {
    if (tokens.length === 0) return;
    for (const { lo, hi } of tokens) this.kernel.capabilities.delete(this.opened(), lo, hi);
    this.kernel.reap();
  }

  close(): void {
    if (this.space === undefined) return;
    this.kernel.capabilities.destroySpace(this.space);
    this.space = undefined;
    this.kernel.reap();
  }

  private putOne(sender: Process, fd: number): Token | Errno {
    const { capabilities, descriptors } = this.kernel;
    const token = descriptors.token(sender, fd);
    if (token === undefined) return EBADF;
    const space = this.opened();
    if (space < 0) return ETOOMANYREFS;
    const copied = capabilities.copy(sender.capabilities, token.lo, token.hi, space, -1);
    return copied < 0 ? ETOOMANYREFS : { lo: capabilities.tokenLo, hi: capabilities.tokenHi };
  }

  /** The space, or an Errno when none can be made. */
  private opened(): number {
    if (this.space !== undefined) return this.space;
    const made = this.kernel.capabilities.createSpace(SPACE_SLOTS);
    if (made >= 0) this.space = made;
    return made;
  }
}
