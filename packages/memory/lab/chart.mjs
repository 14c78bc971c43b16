/** Charts as SVG: Vega-Lite specifications, drawn without a browser. */

/** @returns draw(spec) -> SVG text, or null where the chart library is not installed */
export async function createDraw() {
  let vega, vegaLite;
  try {
    vega = await import('vega');
    vegaLite = await import('vega-lite');
  } catch (error) {
    if (error.code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return null;
  }
  return (spec) => {
    const view = new vega.View(vega.parse(vegaLite.compile(spec).spec), { renderer: 'none' });
    return view.toSVG();
  };
}

/** Distinct colours in the order of the policies; names in full. */
const CONFIG = { legend: { labelLimit: 400 }, range: { ordinal: { scheme: 'tableau10' } } };
const BASE = { config: CONFIG, $schema: 'https://vega.github.io/schema/vega-lite/v6.json', background: 'white' };

/** One group of bars per trace, one bar per policy; a rule at the oracle. */
export function costBars(title, rows, policies) {
  return {
    ...BASE,
    title,
    data: { values: rows },
    facet: { column: { field: 'trace', title: null, sort: null, header: { labelAngle: 0 } } },
    spec: {
      width: 90,
      height: 220,
      layer: [
        {
          mark: 'bar',
          encoding: {
            x: { field: 'policy', sort: policies, title: null, axis: null },
            y: { field: 'ratio', type: 'quantitative', title: 'time / time of the oracle' },
            color: { field: 'policy', type: 'nominal', sort: policies, title: null },
          },
        },
        { mark: { type: 'rule', strokeDash: [4, 3] }, encoding: { y: { datum: 1 } } },
      ],
    },
  };
}

/** Time of each tick, by policy. */
export function costLines(title, rows, policies) {
  return {
    ...BASE,
    title,
    width: 640,
    height: 260,
    data: { values: rows },
    mark: { type: 'line', strokeWidth: 1.2 },
    encoding: {
      x: { field: 'tick', type: 'quantitative', title: 'tick' },
      y: { field: 'ms', type: 'quantitative', title: 'ms per tick', scale: { zero: false } },
      color: { field: 'policy', type: 'nominal', sort: policies, title: null },
    },
  };
}
