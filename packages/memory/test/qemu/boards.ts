import type { Board } from './board.js';
import { armBoards } from './aarch64-board.js';
import { riscvBoards } from './riscv-board.js';
import { x86Boards } from './x86-board.js';

/** One for each format. */
export const BOARDS: readonly Board[] = [...riscvBoards, ...x86Boards, ...armBoards];
