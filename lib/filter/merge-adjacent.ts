/**
 * Merges each run of similar neighbors in a sorted list into one element.
 *
 * @param isAlike - Whether `next` continues the run that was merged into `merged`.
 * @param join - Returns `merged` extended by `next`.
 */
export function mergeAdjacent<Range>(
  ranges: readonly Range[],
  isAlike: (merged: Range, next: Range) => boolean,
  join: (merged: Range, next: Range) => Range,
): readonly Range[] {
  const result: Range[] = [];
  for (const range of ranges) {
    const last = result.at(-1);
    if (last !== undefined && isAlike(last, range)) result[result.length - 1] = join(last, range);
    else result.push(range);
  }
  return result;
}
