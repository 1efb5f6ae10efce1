// Holds a server's answers against the types that its maker publishes: each becomes a literal of its type, and the
// TypeScript compiler decides. In a literal it takes no property that the type does not have.

import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const modules = fileURLToPath(new URL('node_modules', import.meta.url));

// `answers` and `wrong` are lists of { name, type, value }; each of `wrong` must be objected to.
export function insist(folder, preamble, answers, wrong) {
  const literal = ({ name, type, value }) => `export const ${name}: ${type} = ${JSON.stringify(value)};`;
  const source = [
    preamble,
    ...answers.map(literal),
    ...wrong.flatMap((one) => ['// @ts-expect-error', literal(one)]),
  ].join('\n');
  const compilerOptions = {
    strict: true, noEmit: true, skipLibCheck: true, types: [],
    module: 'nodenext', moduleResolution: 'nodenext', target: 'es2022', lib: ['es2022', 'dom'],
  };
  writeFileSync(join(folder, 'answers.mts'), `${source}\n`);
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['answers.mts'] }));
  symlinkSync(modules, join(folder, 'node_modules'));
  const compiler = join(modules, 'typescript', 'bin', 'tsc');
  try {
    execFileSync(process.execPath, [compiler, '--project', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    throw new Error(`the answers do not fit their types:\n${error.stdout}\n${source}`);
  }
}
