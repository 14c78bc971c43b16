/** The page: a terminal for each computer, which lives in a worker of its own. No isolation headers are needed. */
import { Terminal } from '@xterm/xterm';
import type { FromComputer, ToComputer } from './protocol.js';

const [ROWS, COLUMNS] = [24, 100];
const encoder = new TextEncoder();

const element = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element '${id}'`);
  return found;
};

const status = element('status');
const say = (text: string): void => void (status.textContent = text);

/** Puts a terminal into `place` and a computer behind it. What the console shows also leaves as events, for scripts. */
function connect(worker: Worker, place: HTMLElement): void {
  const terminal = new Terminal({ rows: ROWS, cols: COLUMNS, scrollback: 5000 });
  place.hidden = false;
  terminal.open(place);
  const send = (message: ToComputer): void => worker.postMessage(message);
  terminal.onData((text) => send({ kind: 'keys', bytes: encoder.encode(text) }));
  worker.onmessage = ({ data }: MessageEvent<FromComputer>) => {
    if (data.kind === 'output') {
      terminal.write(data.bytes);
      place.dispatchEvent(new CustomEvent('console-output', { detail: data.bytes, bubbles: true }));
    } else say(data.text);
    if (data.kind !== 'end') return;
    terminal.write(`\r\n[${data.text}]\r\n`);
    place.dispatchEvent(new CustomEvent('console-end', { detail: data.text, bubbles: true }));
  };
  worker.onerror = ({ message }) => say(message);
  send({ kind: 'start', rows: ROWS, columns: COLUMNS });
  terminal.focus();
}

connect(new Worker(new URL('./kernel-worker.ts', import.meta.url), { type: 'module' }), element('kernel-screen'));

const button = element('linux') as HTMLButtonElement;
button.addEventListener('click', () => {
  button.disabled = true;
  connect(new Worker(new URL('./linux-worker.ts', import.meta.url), { type: 'module' }), element('linux-screen'));
});
