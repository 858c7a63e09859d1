/** Reports a word that is written twice, also if a line ends between the two. */

/** What may be written twice. */
const ALLOWED = new Set(['had', 'that']);

export default function reportRepeatedWords({ Syntax, RuleError, report, getSource, locator }) {
  return {
    [Syntax.Str](node) {
      for (const { 0: found, 1: word, index } of getSource(node).matchAll(/(?<![\w-])(\p{L}+)\s+\1(?![\w-])/giu)) {
        if (ALLOWED.has(word.toLowerCase())) continue;
        report(node, new RuleError(`"${word}" is repeated`, { padding: locator.range([index, index + found.length]) }));
      }
    },
  };
}
