// The TypeScript of every definition satisfies the TypeScript compiler at its strictest.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const definitions = fileURLToPath(new URL('../../definitions/', import.meta.url));
const tsc = fileURLToPath(new URL('./node_modules/typescript/bin/tsc', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'parley-ts-'));
after(() => rmSync(folder, { recursive: true }));

function compile(...files) {
  return spawnSync(process.execPath, [tsc, '--strict', '--noEmit', '--target', 'es2022', '--module', 'es2022',
    '--moduleResolution', 'bundler', '--exactOptionalPropertyTypes', '--noUnusedLocals', ...files],
  { cwd: folder, encoding: 'utf8' });
}

test('every definition', () => {
  const sources = readdirSync(definitions).filter((name) => name.endsWith('.yaml'));
  assert.ok(sources.length > 5);
  for (const source of sources)
    execFileSync(process.env.PARLEY_BIN,
      ['generate', join(definitions, source), '--only', 'typescript', '--quiet', '--output', folder]);
  const files = readdirSync(folder).map((api) => join(folder, api, 'types.ts'));
  assert.equal(files.length, sources.length);
  const done = compile(...files);
  assert.equal(done.stdout, '');
  assert.equal(done.status, 0);
});

test('a message is narrowed by its guard, and a wrong member is refused', () => {
  const use = (body) => {
    writeFileSync(join(folder, 'use.ts'), `import * as chat from './parley_chat/types';\n${body}\n`);
    return compile('use.ts').stdout;
  };
  assert.equal(use(`export function textOf(message: chat.ChatServerMessage): string {
    return chat.isChatChunk(message) ? message.text : '';
  }`), '');
  assert.match(use(`export function textOf(message: chat.ChatServerMessage): string {
    return chat.isChatChunk(message) ? message.txet : '';
  }`), /'txet' does not exist/);
  assert.match(use(`export const join: chat.JoinSession = { type: 'join_session' };`), /session_id/);
});
