/** Floating-point and vector state, and the vCPUs that it lives in. */
import { describe, expect, it } from '@jest/globals';
import { assemble, x86_64 } from '@veridian-os/assembler';
import type { ContextId } from '@veridian-os/abi';
import { TrapKind, X86, X86_64 } from '@veridian-os/hal';
import { usableComponents } from '../../src/internal/fp-state.js';
import { CODE, DATA, Rig, describeWithKvm } from '../helpers/rig.js';

const { RBX, jmpShort, mem, movdqu, syscall, vmovdqu, xmm, ymm, stmxcsr, mem32, addsd, ud2 } = x86_64;

const XSTATE_BV = 512;
const MXCSR = 24;

/** The first byte in which two states differ. */
function different(state: Uint8Array, expected: Uint8Array): string {
  const at = state.findIndex((byte, index) => byte !== expected[index]);
  return at < 0 ? '' : `byte ${at}: ${state[at]} instead of ${expected[at]}`;
}

const floats = (...values: number[]): Uint8Array => new Uint8Array(new Float64Array(values).buffer);

describeWithKvm.each([1, 2, 8])('vector state, %i vCPUs', (vcpus) => {
  const withRig = (body: (rig: Rig) => void): void => {
    const rig = Rig.create({ vcpus, maxContexts: 3000 });
    try {
      body(rig);
    } finally {
      rig.machine.dispose();
    }
  };
  const save = (rig: Rig, context: ContextId): Uint8Array => {
    const state = new Uint8Array(X86_64.fpBytes);
    rig.machine.contexts.saveFp(context, state);
    return state;
  };

  /** What this host's processor has, by what is left of a state that claims everything. */
  const componentsOf = (rig: Rig, context: ContextId): number => {
    const state = new Uint8Array(X86_64.fpBytes);
    new DataView(state.buffer).setUint32(XSTATE_BV, 0xffff, true);
    rig.machine.contexts.restoreFp(context, state);
    return new DataView(save(rig, context).buffer).getUint32(XSTATE_BV, true);
  };

  it('upper halves of ymm registers stay with their context while twenty take turns', () =>
    withRig((rig) => {
      const load = rig.program(vmovdqu(ymm(7), mem(RBX)), syscall(), ...[vmovdqu(mem(RBX), ymm(7)), syscall()]);
      const size = assemble(vmovdqu(ymm(7), mem(RBX)), syscall()).length;
      const contexts = Array.from({ length: 20 }, () => rig.context());
      const view = (context: ContextId) => rig.machine.contexts.registers(context);
      contexts.forEach((context, index) => {
        view(context).set([DATA, 0], X86.RBX * 2);
        load.data.fill(index + 1, 0, 32);
        expect(rig.run(context).kind).toBe(TrapKind.Syscall);
      });
      for (let round = 0; round < 3; round++) {
        contexts.forEach((context, index) => {
          view(context).set([CODE + size, 0], X86.RIP * 2);
          load.data.fill(0);
          expect(rig.run(context).kind).toBe(TrapKind.Syscall);
          expect(load.data.subarray(0, 33).join()).toBe([...Array(32).fill(index + 1), 0].join());
        });
      }
    }));

  it('a new context starts with the defaults of the ABI, whoever ran before', () =>
    withRig((rig) => {
      const { data } = rig.program(stmxcsr(mem32(RBX)), movdqu(mem(RBX, 16), xmm(3)), syscall());
      for (let i = 0; i < 12; i++) {
        const context = rig.context();
        rig.machine.contexts.registers(context).set([DATA, 0], X86.RBX * 2);
        data.fill(0xee);
        expect(rig.run(context).kind).toBe(TrapKind.Syscall);
        expect(new DataView(data.buffer, data.byteOffset).getUint32(0, true)).toBe(0x1f80);
        expect(data.subarray(16, 32).every((byte) => byte === 0)).toBe(true);
        const state = new Uint8Array(X86_64.fpBytes).fill(0x55);
        new DataView(state.buffer).setUint32(XSTATE_BV, 7, true);
        rig.machine.contexts.restoreFp(context, state);
        rig.machine.contexts.registers(context).set([CODE, 0], X86.RIP * 2);
        expect(rig.run(context).kind).toBe(TrapKind.Syscall);
        expect(data.subarray(16, 32).every((byte) => byte === 0x55)).toBe(true);
        if (i % 2 === 0) rig.machine.contexts.destroy(context);
        else rig.machine.contexts.reset(context);
      }
    }));

  it('a state from a program is accepted whatever its reserved bits are', () =>
    withRig((rig) => {
      const { context } = rig.program(syscall(), jmpShort(-2));
      for (const fill of [0xff, 0xaa, 0x01]) {
        rig.machine.contexts.restoreFp(context, new Uint8Array(X86_64.fpBytes).fill(fill));
        expect(rig.run(context).kind).toBe(TrapKind.Syscall);
      }
    }));

  it('the x87 words are the same on every processor, also before a run', () =>
    withRig((rig) => {
      const { context } = rig.program(syscall(), jmpShort(-2));
      const words = (): number[] => Array.from(new Uint16Array(save(rig, context).slice(0, 6).buffer));
      for (const [fill, control, status] of [
        [0xff, 0x1f7f, 0x7f7f], // all masked: nothing is pending
        [0x11, 0x1151, 0x1111],
        [0x2a, 0x0a6a, 0x2a2a],
        [0x00, 0x0040, 0x0000],
      ]) {
        const state = new Uint8Array(X86_64.fpBytes);
        state.fill(fill, 0, 8);
        state[5] = 0;
        state[XSTATE_BV] = 3;
        rig.machine.contexts.restoreFp(context, state);
        const expected = [control, status, fill];
        expect(words()).toEqual(expected);
        expect(rig.run(context).kind).toBe(TrapKind.Syscall);
        expect(words()).toEqual(expected);
      }
    }));

  it('what is saved is what is restored, also after a run', () =>
    withRig((rig) => {
      const { context } = rig.program(syscall(), jmpShort(-2));
      const state = Uint8Array.from({ length: X86_64.fpBytes }, (_, i) => (i * 7) & 255);
      state.fill(0, 24, 32).fill(0, XSTATE_BV, 576);
      state.fill(0, 832, 1088); // nothing is there: AMD's lightweight profiling, MPX
      state.fill(0, 2688);
      state.fill(0, 416, 512); // reserved
      for (let i = 0; i < 8; i++) state.fill(0, 32 + i * 16 + 10, 48 + i * 16); // x87 registers have 10 bytes
      state.set([0x40, 0x07, 0x8e, 0x95]); // one reserved bit is one; the pending exceptions are not masked
      state[5] = 0;
      state[7] &= 7; // an opcode has 11 bits
      state.fill(0, 13, 16).fill(0, 21, 24); // pointers are canonical
      const components = componentsOf(rig, context);
      if ((components & 4) === 0) state.fill(0, 576, 832);
      if ((components & 0xe0) === 0) state.fill(0, 1088, 2688);
      new DataView(state.buffer).setUint32(XSTATE_BV, components, true);
      new DataView(state.buffer).setUint32(MXCSR, 0x1f80, true);
      rig.machine.contexts.restoreFp(context, state);
      expect(different(save(rig, context), state)).toBe('');
      expect(rig.run(context).kind).toBe(TrapKind.Syscall);
      expect(different(save(rig, context), state)).toBe('');
    }));

  it('two thousand contexts each keep a running sum', () =>
    withRig((rig) => {
      const { code } = rig.program();
      code.set(assemble(addsd(xmm(0), xmm(1)), syscall(), jmpShort(-6), ud2()));
      const contexts = Array.from({ length: 2000 }, (_, index) => {
        const context = rig.context();
        const state = save(rig, context);
        state.set(floats(index), 160 + 16);
        new DataView(state.buffer).setUint32(XSTATE_BV, 3, true);
        rig.machine.contexts.restoreFp(context, state);
        return context;
      });
      for (let round = 0; round < 2; round++) {
        for (const context of contexts) expect(rig.run(context).kind).toBe(TrapKind.Syscall);
      }
      contexts.forEach((context, index) => {
        expect(new DataView(save(rig, context).buffer).getFloat64(160, true)).toBe(2 * index);
      });
    }));
});

describe('components that programs get', () => {
  const processor = (supported: number, places: Readonly<Record<number, number>>) => (subleaf: number) =>
    subleaf === 0 ? { eax: supported, ebx: 0 } : { eax: 0, ebx: places[subleaf] ?? 0 };

  it.each([
    ['without XSAVE', 0, {}, 0x3],
    ['with SSE only', 0x3, {}, 0x3],
    ['with AVX and protection keys', 0x207, { 2: 576, 9: 832 }, 0x7],
    ['with AVX-512', 0x2e7, { 2: 576, 5: 1088, 6: 1152, 7: 1664, 9: 2688 }, 0xe7],
    ['with AVX-512 packed where others have MPX', 0x2e7, { 2: 576, 5: 832, 6: 896, 7: 1408, 9: 2432 }, 0x7],
    ['with AVX-512 cut in half by a hypervisor', 0x67, { 2: 576, 5: 1088, 6: 1152 }, 0x7],
    ['with AMX as well', 0x602e7, { 2: 576, 5: 1088, 6: 1152, 7: 1664, 9: 2688, 18: 2816 }, 0xe7],
  ])('a processor %s', (_, supported, places, expected) => {
    expect(usableComponents(processor(supported, places))).toBe(expected);
  });
});
