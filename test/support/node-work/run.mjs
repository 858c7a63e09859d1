// Runs modules of this folder one after the other, and prints a line for each: `works`, or the code of the error with
// which it ended.
for (const work of process.argv.slice(2)) {
  try {
    await import(`./${work}.mjs`);
    console.log('works');
  } catch (error) {
    console.log(codeOf(error));
  }
}
process.exit(); // A module that failed may have left something open.

/** The code of an error, of its cause, of the first of several, or at the end of its message. */
function codeOf({ code, cause, errors, message }) {
  const inside = cause ?? errors?.[0];
  if (inside) return codeOf(inside);
  return code ?? /\bE[A-Z]{3,}$/.exec(message)?.[0] ?? message;
}
