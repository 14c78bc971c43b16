/**
 * `npm run test:page`: builds examples/page with Vite, serves it without isolation headers, and sits down in front of it
 * in headless Chromium: keys go into the terminal, and what the console shows must be what it shows in Node for the same
 * keys. Without a browser it is skipped, unless VERIDIAN_CI=1 makes that an error.
 */
import { createServer } from 'node:http';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { extname, join, normalize } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as bundle } from 'esbuild';
import { build } from 'vite';
import { ROOT } from '../lib/packages.mjs';
import { launch } from './chromium.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const TIMEOUT_MS = 180_000;
const source = join(ROOT, 'examples/page');
const folder = join(ROOT, `.build/page-${process.pid}`);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** What is typed at each prompt; the last line ends the shell. */
const KERNEL = { prompt: /\$ $/, lines: ['ls / | wc -l', 'echo one two', 'cat /none', 'mem | wc -l', 'exit'] };

async function serve(directory) {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, 'http://page');
    const file = join(directory, normalize(pathname === '/' ? '/index.html' : pathname));
    if (!existsSync(file)) return void response.writeHead(404).end();
    response.setHeader('content-type', TYPES[extname(file)] ?? 'application/octet-stream');
    response.end(readFileSync(file));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** What a reader of the console sees, without how the line editor draws it. */
// eslint-disable-next-line no-control-regex
const plain = (text) => text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r/g, '');

/** The conversation from the first prompt on: what comes before tells of times. */
const conversation = (text, { prompt }) => {
  const lines = plain(text).split('\n');
  return lines.slice(lines.findIndex((line) => prompt.test(`${line.replace(/\$ .*$/, '$ ')}`) && line.includes('$ ')));
};

/** Types the lines of a session, each when the console shows a prompt. */
class Typist {
  constructor(session, type) {
    this.session = session;
    this.type = type;
    this.text = '';
    this.next = 0;
    this.seen = 0;
  }

  /** The console has shown something. */
  hear(text) {
    this.text += text;
    const { prompt, lines } = this.session;
    if (this.next >= lines.length || !prompt.test(plain(this.text.slice(this.seen)))) return;
    this.seen = this.text.length;
    this.type(lines[this.next++]);
  }
}

async function inNode(session) {
  const outfile = join(folder, 'node.mjs');
  const entryPoints = [join(source, 'src/boot-kernel.ts')];
  await bundle({
    entryPoints,
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    logLevel: 'error',
  });
  const { bootKernel } = await import(pathToFileURL(outfile));
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  let computer;
  const typist = new Typist(session, (line) =>
    setImmediate(() => [...line, '\r'].forEach((key) => computer.keys(encoder.encode(key)))),
  );
  const output = (bytes) => typist.hear(decoder.decode(bytes, { stream: true }));
  computer = await bootKernel({ rows: 24, columns: 100, output, status: () => {} });
  await computer.ended;
  return typist.text;
}

/** Runs a session at one of the page's terminals. */
async function inPage(page, place, session, begin) {
  const ended = Promise.withResolvers?.() ?? {};
  if (ended.promise === undefined) ended.promise = new Promise((resolve) => (ended.resolve = resolve));
  const typist = new Typist(session, async (line) => {
    await page.locator(`#${place} .xterm-helper-textarea`).focus();
    await page.keyboard.type(line);
    await page.keyboard.press('Enter');
  });
  await page.exposeFunction('hearConsole', (from, text) => from === place && typist.hear(text));
  await page.exposeFunction('hearEnd', () => ended.resolve());
  await page.addInitScript(() => {
    const decoder = new TextDecoder();
    document.addEventListener('console-output', ({ target, detail }) =>
      window.hearConsole(target.id, decoder.decode(detail, { stream: true })),
    );
    document.addEventListener('console-end', () => window.hearEnd());
  });
  await begin();
  await Promise.race([
    ended.promise,
    new Promise((_, reject) => setTimeout(() => reject(new Error(`no end: ${typist.text}`)), TIMEOUT_MS).unref()),
  ]);
  return typist.text;
}

async function compare(browser, url) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.log(`in the page: ${error}`));
  const shown = await inPage(page, 'kernel-screen', KERNEL, () => page.goto(url));
  if (await page.evaluate(() => self.crossOriginIsolated))
    throw new Error('the page is isolated, expected a plain one');
  const [there, here] = [shown, await inNode(KERNEL)].map((text) => conversation(text, KERNEL).join('\n'));
  if (there !== here) throw new Error(`the console differs\n--- Node\n${here}\n--- page\n${there}`);
  console.log(there);
}

async function main() {
  if (!existsSync(CHROMIUM)) {
    const required = process.env.VERIDIAN_CI === '1';
    console.log(`${required ? 'FAIL' : 'skipped:'} needs ${CHROMIUM}: apt-get install chromium, or set CHROMIUM`);
    process.exitCode = required ? 1 : 0;
    return;
  }
  await build({ root: source, build: { outDir: join(folder, 'dist'), emptyOutDir: true }, logLevel: 'warn' });
  const server = await serve(join(folder, 'dist'));
  const browser = await launch(CHROMIUM);
  try {
    await compare(browser, `http://127.0.0.1:${server.address().port}/`);
    console.log('page: the same console in Chromium and in Node');
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

await main();
