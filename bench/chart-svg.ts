/** Draws a chart as SVG: a panel for each measure, a row in it for each profile, a dot for each filter. */

export interface Chart {
  readonly title: string;
  readonly subtitle: string;
  readonly measures: readonly string[];
  readonly profiles: readonly string[];
  readonly filters: readonly string[];
  readonly points: readonly Point[];
}

export interface Point {
  readonly measure: string;
  readonly profile: string;
  readonly filter: string;
  /** The median, above 0. */
  readonly x: number;
  /** The quartiles, above 0. */
  readonly low: number;
  readonly high: number;
}

const COLUMNS = 4;
const WIDTH = 1180;
const ROW_HEIGHT = 20;
const PANEL_GAP = 24;
/** The heights above and below the rows of a panel, for its title and for the labels of its ticks. */
const ABOVE = 30;
const BELOW = 36;
/** The width left of the panels, for the names of profiles, and the height above them, for title and subtitle. */
const LEFT = 230;
const TOP = 66;
const PANEL_WIDTH = (WIDTH - LEFT - 20 - (COLUMNS - 1) * PANEL_GAP) / COLUMNS;

/** Colors that are visible on white and on black. Text has the color of the page's text. */
const COLORS = ['#2a9d5c', '#d9722e', '#7583e0'];
const STYLE = 'svg{color:#24292f;font:12px system-ui,sans-serif}@media(prefers-color-scheme:dark){svg{color:#d8dee4}}';

export function drawChart(chart: Chart): string {
  const rows = Math.ceil((chart.measures.length + 1) / COLUMNS); // One panel is the legend's.
  const height = TOP + rows * panelHeight(chart);
  const parts = [
    `<style>${STYLE}</style>`,
    text(20, 26, chart.title, 'font-size="15" font-weight="bold"'),
    text(20, 46, chart.subtitle),
    ...chart.measures.map((measure, i) => group(i, chart, panel(measure, chart))),
    ...Array.from({ length: rows }, (_, row) => group(row * COLUMNS, chart, profileNames(chart))),
    group(chart.measures.length, chart, legend(chart)),
  ];
  const size = `width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}"`;
  return `<svg xmlns="http://www.w3.org/2000/svg" ${size} fill="currentColor">\n${parts.join('\n')}\n</svg>\n`;
}

function panelHeight({ profiles }: Chart): number {
  return ABOVE + profiles.length * ROW_HEIGHT + BELOW;
}

/** Moves parts to the panel with this index. */
function group(index: number, chart: Chart, parts: readonly string[]): string {
  const x = LEFT + (index % COLUMNS) * (PANEL_WIDTH + PANEL_GAP);
  const y = TOP + Math.floor(index / COLUMNS) * panelHeight(chart) + ABOVE;
  return `<g transform="translate(${round(x)},${round(y)})">\n${parts.join('\n')}\n</g>`;
}

function panel(measure: string, chart: Chart): readonly string[] {
  const { profiles, filters } = chart;
  const position = scale(chart);
  const bottom = profiles.length * ROW_HEIGHT;
  const ticks = [0.3, 1, 3, 10, 30].filter((value) => position(value) >= 0 && position(value) <= PANEL_WIDTH);
  const points = chart.points.filter((point) => point.measure === measure);
  return [
    text(PANEL_WIDTH / 2, -10, measure, 'font-size="13" font-weight="bold" text-anchor="middle"'),
    ...ticks.flatMap((value) => [
      line(
        position(value),
        0,
        position(value),
        bottom,
        `stroke="currentColor" stroke-opacity="${value === 1 ? 0.6 : 0.15}"`,
      ),
      text(position(value), bottom + 16, `${value}×`, 'text-anchor="middle"'),
    ]),
    ...points.flatMap(({ profile, filter, x, low, high }) => {
      const y = middleOf(profiles.indexOf(profile));
      const color = COLORS[filters.indexOf(filter)];
      const [from, to] = [low, high].map((value) => Math.min(Math.max(position(value), 0), PANEL_WIDTH));
      return [
        line(from ?? 0, y, to ?? 0, y, `stroke="${color}" stroke-width="2.5"`),
        `<circle cx="${round(position(x))}" cy="${y}" r="4" fill="${color}"/>`,
      ];
    }),
  ];
}

/** Maps a value to its logarithmic position in a panel. All medians are visible; a quartile may lie outside. */
function scale({ points }: Chart): (value: number) => number {
  const medians = points.map(({ x }) => x);
  const least = Math.log(Math.min(0.7, ...medians) / 1.2);
  const most = Math.log(Math.max(2, ...medians) * 1.3);
  return (value) => ((Math.log(value) - least) / (most - least)) * PANEL_WIDTH;
}

function profileNames({ profiles }: Chart): readonly string[] {
  return profiles.map((profile, i) => text(-9, middleOf(i) + 4, profile, 'text-anchor="end"'));
}

function legend({ filters }: Chart): readonly string[] {
  return filters.flatMap((filter, i) => [
    `<circle cx="8" cy="${middleOf(i)}" r="5" fill="${COLORS[i]}"/>`,
    text(20, middleOf(i) + 4, filter, 'font-size="13"'),
  ]);
}

function middleOf(row: number): number {
  return (row + 0.5) * ROW_HEIGHT;
}

function text(x: number, y: number, content: string, attributes = ''): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  return `<text x="${round(x)}" y="${round(y)}" ${attributes}>${escaped}</text>`;
}

function line(x1: number, y1: number, x2: number, y2: number, attributes: string): string {
  return `<line x1="${round(x1)}" y1="${round(y1)}" x2="${round(x2)}" y2="${round(y2)}" ${attributes}/>`;
}

function round(value: number): number {
  return Number(value.toFixed(1));
}
