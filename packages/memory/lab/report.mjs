/** The lab's figures as Markdown. */
const percent = (share) => `${(100 * share).toFixed(1)} %`;

/** Rows of one section: { trace, seed, results: [{ name, costNs, fastShare, moves }], oracle }. */
export function section(title, text, rows) {
  const names = rows[0].results.map(({ name }) => name);
  const lines = [`## ${title}`, '', text, ''];
  lines.push(`| trace | ${names.join(' | ')} | oracle: fast accesses, moves, above the bound |`);
  lines.push(`| --- | ${names.map(() => '---').join(' | ')} | --- |`);
  for (const { trace, seed, results, oracle } of rows) {
    const cells = results.map(({ costNs, fastShare, moves }) => {
      const ratio = (costNs / oracle.costNs).toFixed(3);
      return `${ratio} (${percent(fastShare)}${moves > 0 ? `, ${moves} moves` : ''})`;
    });
    const name = seed === undefined ? trace : `${trace}, seed ${seed}`;
    const above = oracle.above === undefined ? '' : `, ${percent(Math.max(0, oracle.above))}`;
    lines.push(`| ${name} | ${cells.join(' | ')} | ${percent(oracle.fastShare)}, ${oracle.moves}${above} |`);
  }
  return [...lines, ''].join('\n');
}
