/** mkdir, touch, ln: new names. */
import { EEXIST, ENOENT, errnoMessage } from '@veridian-os/abi';
import { O_CREAT, O_WRONLY } from '@veridian-os/vfs';
import { makeParents, pairsOf, statOf } from '../internal/files.js';
import type { Utility } from '../internal/tool.js';

export const mkdir: Utility = {
  name: 'mkdir',
  summary: 'make directories',
  usage: '[-p] DIRECTORY...',
  options: 'p',
  help: '-p  those above it too, and no complaint when it is there',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a directory is missing');
    let status = 0;
    for (const path of tool.operands) {
      const result = tool.has('p') ? yield* makeParents(tool.sys, path) : yield* tool.sys.mkdir(path);
      if (result < 0) status = yield* tool.complain(`cannot create directory '${path}': ${errnoMessage(result)}`);
    }
    return status;
  },
};

export const touch: Utility = {
  name: 'touch',
  summary: 'create files, or give them the present time',
  usage: '[-c] FILE...',
  options: 'c',
  help: '-c  create nothing\nThe present time needs the Clock capability.',
  *run(tool) {
    if (tool.operands.length === 0) return yield* tool.usageError('a file is missing');
    let status = 0;
    for (const path of tool.operands) {
      const stat = yield* statOf(tool.sys, path);
      let result = 0;
      if (typeof stat !== 'number') {
        const now = yield* tool.sys.timeOfDay();
        if (typeof now === 'number') return yield* tool.complain('the time is not known: no Clock capability');
        const { sec, nsec } = now;
        result = yield* tool.sys.setattr(path, { atimeSec: sec, atimeNsec: nsec, mtimeSec: sec, mtimeNsec: nsec });
      } else if (stat !== ENOENT) result = stat;
      else if (!tool.has('c')) {
        result = yield* tool.sys.open(path, O_WRONLY | O_CREAT);
        if (result >= 0) yield* tool.sys.close(result);
      }
      if (result < 0) status = yield* tool.complainOf(path, result);
    }
    return status;
  },
};

export const ln: Utility = {
  name: 'ln',
  summary: 'give files more names',
  usage: '[-fs] TARGET NAME | TARGET... DIRECTORY',
  options: 'fs',
  help: '-s  symbolic links\n-f  replace a NAME that is there',
  *run(tool) {
    const pairs = yield* pairsOf(tool);
    if (typeof pairs === 'number') return pairs;
    const { sys } = tool;
    let status = 0;
    for (const { from, to } of pairs) {
      const make = () => (tool.has('s') ? sys.symlink(from, to) : sys.link(from, to));
      let result = yield* make();
      if (result === EEXIST && tool.has('f') && (yield* sys.unlink(to)) >= 0) result = yield* make();
      if (result < 0) status = yield* tool.complain(`cannot link '${to}' to '${from}': ${errnoMessage(result)}`);
    }
    return status;
  },
};
