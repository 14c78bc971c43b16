/** Every encoder with random operands and the text that GNU objdump has for them: an oracle for encoders. */
export { aarch64AliasSamples, aarch64Samples } from './testing/aarch64-samples.js';
export { riscv64Samples } from './testing/riscv64-samples.js';
export type { Sample, Samples } from './testing/samples.js';
export { x86ProtectedModeSamples, x86RealModeSamples, x86Samples } from './testing/x86-64-samples.js';
