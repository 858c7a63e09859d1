// Draws bench/filter-chart.ts's points, read from standard input, as SVG: a panel a measure, a row a profile, a colour a filter.
import { readFileSync } from 'node:fs';
import * as Plot from '@observablehq/plot';
import { parseHTML } from 'linkedom';

const { title, measures, profiles, filters, points } = JSON.parse(readFileSync(0, 'utf8'));
const { document } = parseHTML('<!doctype html><body></body>');

const COLUMNS = 4;
const WIDTH = 1180;
const ROW = 20;
const rows = Math.ceil(measures.length / COLUMNS);
const height = rows * (profiles.length * ROW + 60) + 100;

// These stand out from white and from black; text follows the page.
const COLOURS = ['#2a9d5c', '#d9722e', '#7583e0'];
const STYLE =
  'svg{color:#24292f;font-family:system-ui,sans-serif}@media(prefers-color-scheme:dark){svg{color:#d8dee4}}';

const panel = (measure) => {
  const i = measures.indexOf(measure);
  return { fx: i % COLUMNS, fy: Math.floor(i / COLUMNS) };
};
const placed = points.map((point) => ({ ...point, ...panel(point.measure) }));
const titles = measures.map((measure) => ({ measure, ...panel(measure) }));
// The empty panel is the legend's.
const legend = filters.map((filter, i) => ({
  data: [{ filter, fx: measures.length % COLUMNS, fy: rows - 1 }],
  dy: 14 + 24 * i,
}));

// All medians are to be seen; a quartile may lie outside.
const medians = points.map(({ x }) => x);
const domain = [Math.min(0.7, ...medians) / 1.2, Math.max(2, ...medians) * 1.3];
const isShown = (n) => domain[0] <= n && n <= domain[1];

const facets = { fx: 'fx', fy: 'fy' };
const svg = Plot.plot({
  document,
  width: WIDTH,
  height,
  marginLeft: 230,
  marginRight: 20,
  marginTop: 80,
  marginBottom: 60,
  style: { fontSize: '12px', background: 'none' },
  x: {
    type: 'log',
    label: null,
    grid: true,
    domain,
    ticks: [0.3, 1, 3, 10, 30].filter(isShown),
    tickFormat: (n) => `${n}×`,
  },
  y: { label: null, domain: profiles },
  fx: { axis: null, padding: 0.08 },
  fy: { axis: null, padding: 0.18 },
  color: { domain: filters, range: COLOURS },
  marks: [
    Plot.ruleX(titles, { ...facets, x: 1, strokeOpacity: 0.6 }),
    Plot.link(placed, {
      ...facets,
      x1: 'low',
      x2: 'high',
      y: 'profile',
      stroke: 'filter',
      strokeWidth: 2.5,
      clip: true,
    }),
    Plot.dot(placed, { ...facets, x: 'x', y: 'profile', fill: 'filter', r: 4 }),
    Plot.text(titles, { ...facets, text: 'measure', frameAnchor: 'top', dy: -16, fontWeight: 'bold', fontSize: 13 }),
    ...legend.flatMap(({ data, dy }) => [
      Plot.dot(data, { ...facets, frameAnchor: 'top-left', dx: 8, dy, fill: 'filter', r: 5 }),
      Plot.text(data, { ...facets, frameAnchor: 'top-left', dx: 20, dy: dy - 6, text: 'filter', fontSize: 13 }),
    ]),
  ],
});
const add = (text, y, attributes) => {
  const node = document.createElementNS('http://www.w3.org/2000/svg', 'text');
  node.textContent = text;
  for (const [name, value] of Object.entries({ x: 20, y, fill: 'currentColor', 'text-anchor': 'start', ...attributes }))
    node.setAttribute(name, value);
  svg.append(node);
};
add(title, 26, { 'font-size': 15, 'font-weight': 'bold' });
add(
  'Times the median of this package, on a logarithmic scale; less is better. Dots are medians, lines quartiles.',
  46,
  {},
);
svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
for (const style of svg.querySelectorAll('style')) style.textContent += STYLE;
process.stdout.write(`${svg.outerHTML}\n`);
