import { describe, it } from '@jest/globals';
import { createIpc } from '../../src/index.js';
import { ipcKit } from '../../src/testing.js';

ipcKit({ describe, it }, createIpc);
