/** Names of files, programs and variables that are not what they seem, or that a terminal would obey. */
export const HOSTILE_NAMES: readonly string[] = [
  ...['a\u001b[31mb', 'a\u001b]0;title\u0007b', 'a\u009b2Jb', 'a\bb', 'a\u007fb', 'a\u0085b'],
  ...['a\nseccomp: no call was denied', 'a\rb', 'a\tb', 'a\vb', 'a\u2028b', 'a\u2029b'],
  ...['a\u202eb', 'a\u2066b', 'a\u200fb', 'a\u061cb', 'a\u200bb', 'a\u200db', 'a\ufeffb', 'a\u2060b', 'a\u00adb'],
  ...['a\u00a0b', 'a\u2003b', 'a\u3000b', 'a\u2800b', 'a\u3164b', 'a\u115fb', 'a\u034fb', 'a\ufe0fb', 'a\u{e0041}b'],
  ...['a\ufffdb', 'a\ud800b', 'a\udfffb', 'a\ue000b', 'a\uffffb'],
  ...[
    'a"b',
    'a\\b',
    'a\\u202eb',
    '"a"',
    ' a',
    'a ',
    'a…',
    '',
    "a'b",
    '$(id)',
    '-a',
    '@system',
    'a,b',
    'a: b',
    "a\n'%s\\",
    '-n\u0001%d',
    'a\n',
    `${'a'.repeat(4095)}\u202e`,
  ],
];

/** What a terminal must not be given. */
export const HIDDEN_CHARACTERS = /(?![ \n])[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;
