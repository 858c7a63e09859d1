/**
 * Merges runs of alike neighbours in a sorted list into one each.
 *
 * @param isAlike - Whether `next` continues the run that `merged` is made of.
 * @param join - Extends `merged` by `next`.
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
