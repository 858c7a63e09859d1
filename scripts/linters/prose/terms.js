/** Reports words that the documentation does not use, with the ones that it uses: terms.yml lists them. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** Each section of the file is a list of pairs: what is avoided, as a regular expression, and what to write. */
const sections = parse(readFileSync(new URL('../terms.yml', import.meta.url), 'utf8'));
const terms = Object.values(sections).flatMap((section) =>
  Object.entries(section).map(([avoid, write]) => ({
    // A space in a term may be the end of a line. Only product names depend on the case of their letters.
    pattern: new RegExp(
      `(?<![\\w./@-])(?:${avoid.replaceAll(' ', '\\s+')})(?![\\w/@]|[.-]\\w)`,
      section === sections.names ? 'g' : 'gi',
    ),
    write,
  })),
);

export default function reportTerms({ Syntax, RuleError, report, getSource, locator }) {
  return {
    [Syntax.Str](node) {
      const text = getSource(node);
      for (const { pattern, write } of terms) {
        for (const { 0: found, index } of text.matchAll(pattern)) {
          const message = write === null ? `leave out "${found}"` : `"${found}": write ${write}`;
          report(node, new RuleError(message, { padding: locator.range([index, index + found.length]) }));
        }
      }
    },
  };
}
