/** The machine alone: a bare program whose first instructions send a byte through the UART. */
import { writeSync } from 'node:fs';
import { EmulatedMachine, MEMORY_MAP } from '@veridian-os/machine-emulated';

const LUI_T0_UART = (MEMORY_MAP.uart.base | 0x2b7) >>> 0;
const CODE = [LUI_T0_UART, 0x00028023, 0x0000006f]; // lui t0, uart; sb zero, 0(t0); j .

const machine = EmulatedMachine.create({ console: { output: (bytes) => void writeSync(1, bytes) } });
machine.memory[0].u32.set(CODE);
machine.system.reset(MEMORY_MAP.ram.base);
machine.system.run(CODE.length);
process.stdin.resume();
