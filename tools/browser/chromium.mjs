/** A headless Chromium with one page, on which scripts run in plain workers; served from this machine only. */
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const TIMEOUT_MS = 300_000;
/** No sandbox: CI runs as root. The rest keeps Chromium from calling out. */
const FLAGS = [
  '--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking',
  '--disable-component-update --disable-sync --disable-dev-shm-usage',
]
  .join(' ')
  .split(' ');

/** Serves the scripts in `folder`, without isolation headers: no shared memory, as on most sites. */
async function serve(folder) {
  const server = createServer((request, response) => {
    const script = /^\/[a-z0-9-]+\.js$/.test(request.url);
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html');
    response.end(script ? readFileSync(join(folder, request.url)) : '<!doctype html><title>Veridian</title>');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** Runs in the page: a worker from start to its last line. */
function collectLines(url) {
  return new Promise((resolve) => {
    const lines = [];
    const worker = new Worker(url);
    const finish = (failed) => {
      worker.terminate();
      resolve({ lines, failed });
    };
    worker.onmessage = ({ data }) => (data.done ? finish(data.failed === true) : lines.push(data.line));
    worker.onerror = (event) => {
      lines.push(`${event.message} (${event.filename}:${event.lineno})`);
      finish(true);
    };
  });
}

/** A headless Chromium; close it. */
export const launch = (executablePath) => chromium.launch({ executablePath, headless: true, args: FLAGS });

/** @param use receives `runInWorker(url) -> { lines, failed }` */
export async function withBrowser(executablePath, folder, use) {
  const server = await serve(folder);
  const browser = await launch(executablePath);
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(TIMEOUT_MS);
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    if (await page.evaluate(() => self.crossOriginIsolated))
      throw new Error('the page is isolated, expected a plain one');
    await use((url) => page.evaluate(collectLines, url));
  } finally {
    await browser.close();
    server.close();
  }
}
