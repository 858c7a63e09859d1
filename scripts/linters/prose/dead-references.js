/** Reports references that have no definition, which Markdown shows as text with brackets, and definitions that nothing uses. */
export default function reportDeadReferences({ Syntax, RuleError, report, getSource, locator }) {
  const definitions = new Map();
  const used = new Set();
  return {
    [Syntax.Str](node) {
      for (const { 0: found, index } of getSource(node).matchAll(/\[[^\][]+\](?:\[[^\][]*\]|\([^)]*\))/g))
        report(node, new RuleError(`"${found}" is no link`, { padding: locator.range([index, index + found.length]) }));
    },
    [Syntax.LinkReference]({ identifier }) {
      used.add(identifier);
    },
    [Syntax.ImageReference]({ identifier }) {
      used.add(identifier);
    },
    [Syntax.Definition](node) {
      definitions.set(node.identifier, node);
    },
    [Syntax.DocumentExit]() {
      for (const [identifier, node] of definitions)
        if (!used.has(identifier)) report(node, new RuleError(`nothing refers to [${identifier}]`));
    },
  };
}
