/** Bugs that the kit must catch; planted by `node tools/kit-mutants.mjs ipc`. */
const SYSTEM = 'ipc-system.ts';
const QUEUES = 'internal/wait-queues.ts';
const RECORDS = 'internal/records.ts';
const REPLIES = 'internal/reply-table.ts';

export default [
  {
    name: 'a reply object answers twice',
    file: SYSTEM,
    find: '    this.replies.spend(reply);\n    this.handOver',
    replace: '    this.handOver',
  },
  {
    name: 'the server dies and its callers wait for ever',
    file: SYSTEM,
    find: '      this.cancelReply(reply);',
    replace: '      this.replies.spend(reply);',
  },
  {
    name: 'a dead caller can be answered',
    file: SYSTEM,
    find: 'ThreadState.AwaitingReply) this.replies.spend(subject);',
    replace: 'ThreadState.AwaitingReply) return;',
  },
  {
    name: 'a queued sender sends its receiver’s badge',
    file: SYSTEM,
    find: 'this.threads.sendBadge[thread] = badge;',
    replace: '',
  },
  {
    name: 'a queued call is treated as a send',
    file: SYSTEM,
    find: 'if (this.threads.state[sender] === ThreadState.Sending) {',
    replace: 'if (this.threads.state[sender] !== ThreadState.Receiving) {',
  },
  {
    name: 'destroy forgets the waiters',
    file: SYSTEM,
    find: 'for (let thread = this.queues.first(queue); thread !== NONE; thread = this.queues.first(queue)) {',
    replace: 'for (let thread = this.queues.first(queue); false; ) {',
  },
  {
    name: 'replyRecv stops at a dead caller',
    file: SYSTEM,
    find: 'status < 0 && status !== EINVAL',
    replace: 'status < 0',
  },
  {
    name: 'a signal overwrites the word',
    file: SYSTEM,
    find: 'this.word[notification] |= badge',
    replace: 'this.word[notification] = badge',
  },
  {
    name: 'the word is not taken',
    file: SYSTEM,
    find: '    this.word[notification] = 0;\n    return IpcStatus.Done;',
    replace: '    return IpcStatus.Done;',
  },
  {
    name: 'bits that came before recv are not seen',
    file: SYSTEM,
    find: 'notification !== NONE && this.word[notification] !== 0',
    replace: 'false',
  },
  {
    name: 'a bound thread is woken whatever it waits for',
    file: SYSTEM,
    find: 'thread === NONE || this.threads.state[thread] !== ThreadState.Receiving',
    replace: 'thread === NONE || !this.threads.isBlocked(thread)',
  },
  {
    name: 'a dead thread stays bound',
    file: SYSTEM,
    find: 'if (notification !== NONE) this.unbind(notification);',
    replace: '',
  },
  {
    name: 'queues ignore priority',
    file: SYSTEM,
    find: 'this.queues.push(endpoint, thread, this.threads.rank[thread]);\n    return',
    replace: 'this.queues.push(endpoint, thread, 0);\n    return',
  },
  {
    name: 'last in, first out',
    file: QUEUES,
    find: 'const youngest = this.prev[leader];',
    replace: 'const youngest = this.next[leader];',
  },
  {
    name: 'the heir of a group is not its leader',
    file: QUEUES,
    find: '    this.linkGroups(queue, above, next);\n',
    replace: '',
  },
  {
    name: 'the eighth word does not travel',
    file: RECORDS,
    find: 'const end = source + HALVES; source',
    replace: 'const end = source + HALVES - 1; source',
  },
  {
    name: 'a lost capability is counted',
    file: RECORDS,
    find: 'this.capCount[to] = carrier.transferCaps(',
    replace: 'this.capCount[to] = caps, carrier.transferCaps(',
  },
  { name: 'an oversized payload travels', file: RECORDS, find: 'bytes > PAYLOAD_BYTES', replace: 'false' },
  { name: 'reply ids come back at once', file: REPLIES, find: 'this.lastSerial = id;', replace: '' },
];
