/** The arguments of Node that make it run text instead of a file: -e, -p, -pe, --eval and --print. */
const EVAL = /^(-p?e|-p|--eval|--print)(=|$)/;

/** Returns whether Node runs text that is among these arguments, which are its `execArgv`. */
export function hasEval(execArgv: readonly string[]): boolean {
  return execArgv.some((option) => EVAL.test(option));
}

/** Returns the arguments without the last option that makes Node run text, and without that text. */
export function withoutEval(execArgv: readonly string[]): readonly string[] {
  const place = execArgv.findLastIndex((option) => EVAL.test(option));
  if (place < 0) return execArgv;
  return execArgv.toSpliced(place, execArgv[place]?.includes('=') ? 1 : 2);
}
