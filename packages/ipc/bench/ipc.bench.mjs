/**
 * Host nanoseconds between two register files; nobody is scheduled. Each operation includes draining `takeRunnable`, as a
 * kernel does.
 *
 * ipc-fast-oneway      send to a waiting receiver, which then waits again
 * ipc-fast-roundtrip   call to a waiting server, which answers with replyRecv
 * ipc-slow-roundtrip   the call is queued before the server receives, 64 bytes of payload and one capability go each way
 * ipc-cap-roundtrip    as fast, but with one capability each way
 * ipc-signal-wait      signal a waiting thread, which then waits again
 */
import { createIpc } from '@veridian-os/ipc';
import { suite } from '../../../tools/bench.mjs';

const CALLS = 1000;
const CLIENT = 1;
const SERVER = 2;

/** Two threads whose payload buffers are plain bytes, among a hundred others. */
function machine() {
  const buffers = new Uint8Array(100 * 4096);
  const ipc = createIpc({
    maxThreads: 128,
    carrier: {
      copyPayload: (from, to, bytes) => buffers.copyWithin(to * 4096, from * 4096, from * 4096 + bytes),
      transferCaps: (_from, _to, count) => count,
    },
  });
  for (let thread = 0; thread < 100; thread++) ipc.attachThread(thread, thread % 4);
  return { ipc, endpoint: ipc.createEndpoint(), bell: ipc.createNotification() };
}

function drain(ipc) {
  let last = -1;
  for (let thread = ipc.takeRunnable(); thread !== -1; thread = ipc.takeRunnable()) last = thread;
  return last;
}

function expectThread(expected, got) {
  if (got !== expected) throw new Error(`expected thread ${expected} to run, got ${got}`);
}

function oneway() {
  const { ipc, endpoint } = machine();
  ipc.recv(SERVER, endpoint, true);
  return () => {
    for (let i = 0; i < CALLS; i++) {
      ipc.records.label[CLIENT] = i;
      ipc.send(CLIENT, endpoint, 7, true);
      expectThread(SERVER, drain(ipc));
      ipc.recv(SERVER, endpoint, true);
    }
  };
}

function roundtrip(caps) {
  const { ipc, endpoint } = machine();
  ipc.recv(SERVER, endpoint, true);
  return () => {
    for (let i = 0; i < CALLS; i++) {
      ipc.records.label[CLIENT] = i;
      ipc.records.capCount[CLIENT] = caps;
      ipc.call(CLIENT, endpoint, 7);
      expectThread(SERVER, drain(ipc));
      ipc.records.capCount[SERVER] = caps;
      ipc.replyRecv(SERVER, ipc.records.replyObject[SERVER], endpoint);
      expectThread(CLIENT, drain(ipc));
    }
  };
}

function slowRoundtrip() {
  const { ipc, endpoint } = machine();
  return () => {
    for (let i = 0; i < CALLS; i++) {
      ipc.records.payloadBytes[CLIENT] = 64;
      ipc.records.capCount[CLIENT] = 1;
      ipc.call(CLIENT, endpoint, 7);
      ipc.recv(SERVER, endpoint, true);
      ipc.records.payloadBytes[SERVER] = 64;
      ipc.records.capCount[SERVER] = 1;
      ipc.reply(SERVER, ipc.records.replyObject[SERVER]);
      expectThread(CLIENT, drain(ipc));
    }
  };
}

function signalWait() {
  const { ipc, bell } = machine();
  ipc.wait(SERVER, bell, true);
  return () => {
    for (let i = 0; i < CALLS; i++) {
      ipc.signal(bell, 1);
      expectThread(SERVER, drain(ipc));
      ipc.wait(SERVER, bell, true);
    }
  };
}

await suite(async ({ bench }) => {
  const shared = { opsPerCall: CALLS, noGc: true };
  await bench({ case: 'ipc-fast-oneway', ours: oneway(), ...shared });
  await bench({ case: 'ipc-fast-roundtrip', ours: roundtrip(0), ...shared });
  await bench({ case: 'ipc-cap-roundtrip', ours: roundtrip(1), ...shared });
  await bench({ case: 'ipc-slow-roundtrip', ours: slowRoundtrip(), ...shared });
  await bench({ case: 'ipc-signal-wait', ours: signalWait(), ...shared });
});
