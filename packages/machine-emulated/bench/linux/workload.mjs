/** Whole programs, and what they work on: the same for the full system and for the personality. */
const MODULES = 40;
const LINES = 400_000;
const NUMBERS = 60_000;
const PRIME = 60_013;

/** Their arguments; `data` is read by md5sum again and again. */
export const PROGRAMS = {
  'busybox-md5sum': ['busybox', 'md5sum', ...Array(8).fill('/tmp/data')],
  'busybox-awk': [
    ...['busybox', 'awk'],
    'BEGIN { for (i = 0; i < 400000; i++) { s += (i * i) % 7; a[i % 512] = s } print s }',
  ],
  'busybox-sort': ['busybox', 'sort', '-n', '-o', '/tmp/sorted', '/tmp/numbers'],
  'esbuild-bundle': ['esbuild', '/src/index.js', '--bundle', '--minify', '--outfile=/tmp/out.js', '--log-level=error'],
};

/** Files below the root, by path. */
export function workFiles() {
  const lines = (count, line) => `${Array.from({ length: count }, (_, i) => line(i)).join('\n')}\n`;
  return {
    'tmp/data': lines(LINES, (i) => i + 1),
    'tmp/numbers': lines(NUMBERS, (i) => (i * 7919) % PRIME),
    ...project(),
  };
}

/** Sources for a bundler: modules that import each other, and say enough to be worth printing. */
export function project() {
  const files = {};
  for (let i = 0; i < MODULES; i++) {
    const functions = Array.from(
      { length: 60 },
      (
        _,
        k,
      ) => `export function work${k}(input) {\n  const total = input.reduce((sum, value) => sum + value * ${k + i}, 0);
  return total > ${k} ? { total, label: 'module ${i} function ${k}' } : undefined;\n}`,
    );
    const next = i + 1 < MODULES ? `export * as next from './module${i + 1}.js';` : '';
    files[`src/module${i}.js`] = `${next}\n${functions.join('\n')}\n`;
  }
  files['src/index.js'] = "import * as first from './module0.js';\nconsole.log(first);\n";
  return files;
}
