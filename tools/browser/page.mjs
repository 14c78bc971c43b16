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
import { missingPageFile, writePageFiles } from '../page-files.mjs';
import { launch } from './chromium.mjs';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const TIMEOUT_MS = 180_000;
const source = join(ROOT, 'examples/page');
const folder = join(ROOT, `.build/page-${process.pid}`);
const TYPES = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' };

/** What is typed at each prompt of a computer; the last line ends it. `prompt` also begins what is compared. */
const KERNEL = {
  place: 'kernel-screen',
  prompt: 'veridian:/$ ',
  lines: ['ls / | wc -l', 'echo one two', 'cat /none', 'mem | wc -l', 'exit'],
};
const LINUX = {
  place: 'linux-screen',
  prompt: 'veridian# ',
  lines: ['uname -sm', 'seq 1 1000 | md5sum', 'grep -c isa /proc/cpuinfo', 'poweroff -f'],
};

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

/** The conversation from the first prompt on, without times: those differ. */
function conversation(text, { prompt }) {
  const begin = plain(text);
  return begin.slice(Math.max(0, begin.indexOf(prompt))).replace(/\[ *\d+\.\d+\]/g, '[time]');
}

/** Types the lines of a session, each when the console shows a prompt. */
class Typist {
  text = '';
  seen = 0;
  next = 0;

  constructor(session, type) {
    this.session = session;
    this.type = type;
  }

  /** The console has shown something. */
  hear(text) {
    this.text += text;
    const { prompt, lines } = this.session;
    if (this.next >= lines.length || !plain(this.text.slice(this.seen)).endsWith(prompt)) return;
    this.seen = this.text.length;
    this.type(lines[this.next++]);
  }
}

/** Rejects when it takes too long, with what has been heard. */
function inTime(promise, typist) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no end, after:\n${typist.text.slice(-2000)}`)), TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/** @param boot resolves to a computer at a screen */
async function inNode(session, boot) {
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  let computer;
  const typist = new Typist(session, (line) =>
    setImmediate(() => [...line, '\r'].forEach((key) => computer.keys(encoder.encode(key)))),
  );
  const output = (bytes) => typist.hear(decoder.decode(bytes, { stream: true }));
  computer = await boot({ rows: 24, columns: 100, output, status: () => {} });
  await inTime(computer.ended, typist);
  return typist.text;
}

/** The modules that boot computers, for Node. */
async function loadForNode() {
  const boot = { bundle: true, platform: 'node', format: 'esm', target: 'node20', logLevel: 'error' };
  const load = async (name) => {
    const outfile = join(folder, `${name}.mjs`);
    await bundle({ ...boot, entryPoints: [join(source, `src/${name}.ts`)], outfile });
    return import(pathToFileURL(outfile));
  };
  return { ...(await load('boot-kernel')), ...(await load('boot-linux')) };
}

/** Listens to the page's terminals. */
async function listen(page) {
  const ears = new Map();
  await page.exposeFunction('hearConsole', (place, text) => ears.get(place)?.hear(text));
  await page.exposeFunction('hearEnd', (place, text) => ears.get(place)?.end(text));
  await page.addInitScript(() => {
    const decoder = new TextDecoder();
    document.addEventListener('console-output', ({ target, detail }) =>
      window.hearConsole(target.id, decoder.decode(detail, { stream: true })),
    );
    document.addEventListener('console-end', ({ target, detail }) => window.hearEnd(target.id, detail));
  });
  return ears;
}

/** Runs a session at one of the page's terminals, from what `begin` does on. */
async function inPage(page, ears, session, begin) {
  const typist = new Typist(session, async (line) => {
    await page.locator(`#${session.place} .xterm-helper-textarea`).focus();
    await page.keyboard.type(line);
    await page.keyboard.press('Enter');
  });
  const ended = new Promise((resolve) => ears.set(session.place, { hear: (text) => typist.hear(text), end: resolve }));
  await begin();
  console.log(`page: ${session.place}: ${await inTime(ended, typist)}`);
  return typist.text;
}

function compare(session, shown, wanted) {
  const [there, here] = [shown, wanted].map((text) => conversation(text, session));
  if (there !== here) throw new Error(`the console differs\n--- Node\n${here}\n--- page\n${there}`);
  console.log(`${there}\npage: ${session.place}: the same in Chromium and in Node`);
}

async function sit(browser, url, images) {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.log(`in the page: ${error}`));
  const ears = await listen(page);
  const { bootKernel, bootLinux } = await loadForNode();
  compare(KERNEL, await inPage(page, ears, KERNEL, () => page.goto(url)), await inNode(KERNEL, bootKernel));
  if (await page.evaluate(() => self.crossOriginIsolated))
    throw new Error('the page is isolated, expected a plain one');
  if (images === undefined) return;
  const inBrowser = await inPage(page, ears, LINUX, () => page.locator('#linux').click());
  const commandLine = 'console=ttyS0 quiet';
  compare(LINUX, inBrowser, await inNode(LINUX, (screen) => bootLinux(screen, { ...images, commandLine })));
}

/** The files that Linux boots from, if they are here. */
function linuxImages() {
  const missing = missingPageFile();
  if (missing === undefined) return writePageFiles();
  console.log(`${process.env.VERIDIAN_CI === '1' ? 'FAIL' : 'skipped: Linux'} needs ${missing}`);
  if (process.env.VERIDIAN_CI === '1') process.exitCode = 1;
  return undefined;
}

async function main() {
  if (!existsSync(CHROMIUM)) {
    const required = process.env.VERIDIAN_CI === '1';
    console.log(`${required ? 'FAIL' : 'skipped:'} needs ${CHROMIUM}: apt-get install chromium, or set CHROMIUM`);
    process.exitCode = required ? 1 : 0;
    return;
  }
  const images = linuxImages();
  await build({ root: source, build: { outDir: join(folder, 'dist'), emptyOutDir: true }, logLevel: 'warn' });
  const server = await serve(join(folder, 'dist'));
  const browser = await launch(CHROMIUM);
  try {
    await sit(browser, `http://127.0.0.1:${server.address().port}/`, images);
  } finally {
    await browser.close();
    server.close();
    rmSync(folder, { recursive: true });
  }
}

await main();
