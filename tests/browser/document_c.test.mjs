// The browser example of the first chat server's documentation, unchanged but for its URL, in a page
// of the server's own origin.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { complete, launch, open, serve, until } from './support.mjs';

test('the documented JavaScript example works against the server', async () => {
  const server = await serve({ pace: 0 });
  const browser = await launch();
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  const received = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => received.push(JSON.parse(payload))));
  await page.goto(server.url + '/health');
  await page.setContent('<div id="response"></div>');
  const example = await readFile(new URL('./document_c_example.js', import.meta.url), 'utf8');
  const host = new URL(server.url).host;
  await page.addScriptTag({ content: 'var currentSessionId = null; var typings = []; function showTypingIndicator(on) { typings.push(on); }\n' + example.replace('localhost:8000', host) });
  await until(() => received.some((frame) => frame.type === 'session_created'), 'the session');
  const session = received.find((frame) => frame.type === 'session_created').session_id;
  await page.evaluate((id) => { currentSessionId = id; sendMessage('repeat: **two**  spaces\nand a line'); }, session);
  await until(() => complete({ received }), 'the answer');
  assert.equal(await page.locator('#response').textContent(), '**two**  spaces\nand a line');
  const other = await open(browser, `${server.url}/demo#session=${session}`);
  await until(() => other.seen.received.some((frame) => frame.type === 'session_joined'), 'the join');
  await other.page.getByTestId('text').pressSequentially('x');
  await until(() => received.some((frame) => frame.update_type === 'user_typing'), 'the typing');
  assert.deepEqual(await page.evaluate(() => typings.slice(0, 1)), [true]);
  await page.evaluate(() => { sendTyping(true); sendTyping(false); });
  await until(() => other.seen.received.filter((frame) => frame.update_type === 'user_typing').length >= 2, 'our typing');
  await context.close();
  await other.close();
  await browser.close();
  await server.stop();
});
