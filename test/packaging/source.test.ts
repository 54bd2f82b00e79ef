// Habits of the source text that no linter rule covers.

import { expect, it } from 'vitest';
import { readModules } from './import-graph.js';

const modules = readModules();

it('is ASCII only', () => {
  const faults = modules.flatMap(({ name, text }) =>
    text.split('\n').flatMap((line, index) => (/[^\t\x20-\x7e]/.test(line) ? [`src/${name}.ts:${index + 1}`] : [])),
  );
  expect(faults).toEqual([]);
});

it('documents every export', () => {
  const declaration = /^export (?:declare |abstract |async )*(?:class|const|function\*?|interface|type) (\w+)/;
  const faults = modules.flatMap(({ name, text }) => {
    const lines = text.split('\n').filter((line) => !line.startsWith('// biome-ignore'));
    return lines.flatMap((line, index) => {
      const exported = declaration.exec(line)?.[1];
      // An overload's later signatures stand under the first one's docstring.
      const earlier = lines.slice(0, index).some((other) => declaration.exec(other)?.[1] === exported);
      return exported && !earlier && !/\*\/\s*$/.test(lines[index - 1] ?? '') ? [`src/${name}.ts: ${exported}`] : [];
    });
  });
  expect(faults).toEqual([]);
});

it('patches nothing global', () => {
  const patch = /^\s*(globalThis|self)\.\w+\s*=[^=]|Object\.defineProperty\(\s*(globalThis|self|\w+\.prototype)\b/m;
  expect(modules.filter(({ text }) => patch.test(text)).map(({ name }) => name)).toEqual([]);
});
