/** Which lines of which files were run. */

/** For each file, its lines that have code, and whether each was run. */
export type Lines = ReadonlyMap<string, ReadonlyMap<number, boolean>>;

/** Adds the lines of `more` to those of `lines`: a line was run if either says so. */
export function merge(lines: Map<string, Map<number, boolean>>, more: Lines): void {
  for (const [file, runs] of more) {
    const known = lines.get(file) ?? new Map<number, boolean>();
    for (const [line, isRun] of runs) known.set(line, isRun || known.get(line) === true);
    lines.set(file, known);
  }
}

/** Returns the lines of `lines`, of which those are run too that `more` has as run. Lines that only `more` has are left out. */
export function withRuns(lines: Lines, more: Lines): Lines {
  return new Map(
    [...lines].map(([file, runs]) => [
      file,
      new Map([...runs].map(([line, isRun]) => [line, isRun || more.get(file)?.get(line) === true])),
    ]),
  );
}

/** The lines that were not run, as `3, 7–9`. Lines without code do not end a range. */
export function missing(runs: ReadonlyMap<number, boolean>): string {
  const ranges: [number, number][] = [];
  let isOpen = false;
  for (const [line, isRun] of [...runs].sort(([a], [b]) => a - b)) {
    const last = ranges.at(-1);
    if (!isRun && isOpen && last !== undefined) last[1] = line;
    else if (!isRun) ranges.push([line, line]);
    isOpen = !isRun;
  }
  return ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(', ');
}
