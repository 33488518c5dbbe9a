import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launch, open, serve, until } from './support.mjs';

test('the API pages show every route and message, and trying works', async () => {
  const server = await serve({ pace: 0 });
  const browser = await launch();
  const { page, seen, close } = await open(browser, server.url + '/docs');
  await page.getByTestId('createSession').waitFor();
  assert.equal(await page.locator('#routes > details').count(), 11);
  assert.equal(await page.locator('#client > details').count(), 6);
  assert.equal(await page.locator('#server > details').count(), 10);
  const create = page.getByTestId('createSession');
  await create.locator('summary').click();
  await create.getByText('Try it').click();
  const result = create.getByTestId('result');
  await result.filter({ hasText: '"session_id"' }).waitFor();
  assert.match(await result.textContent(), /^POST \/sessions\/new\n200 /);

  await page.getByTestId('connect').click();
  await page.getByText('Connected', { exact: true }).waitFor();
  await page.getByTestId('message-ping').locator('summary').click();
  await page.getByTestId('message-ping').getByText('Put into the console').click();
  await page.getByTestId('send').click();
  await until(() => seen.received.some((frame) => frame.type === 'pong'), 'the pong');
  assert.deepEqual(seen.foreign, []);
  assert.deepEqual(seen.problems, []);
  await close();
  await browser.close();
  await server.stop();
});
