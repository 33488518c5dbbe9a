import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ask, chunks, complete, connected, launch, open, serve, until } from './support.mjs';

let browser;
before(async () => { browser = await launch(); });
after(async () => { await browser.close(); });

const sessionUrl = async (first) => {
  await first.page.waitForFunction(() => location.hash.includes('session='));
  return first.page.url();
};

test('two tabs of one session see the same chunks of one answer in order while it is made', async () => {
  const server = await serve();
  const first = await open(browser, server.url + '/demo');
  await connected(first.page);
  const second = await open(browser, await sessionUrl(first));
  await until(() => second.seen.received.some((frame) => frame.type === 'session_joined'), 'the join');
  await ask(first.page, 'write 60 words about two tabs');
  await until(() => chunks(second.seen).length >= 3, 'the first chunks in the second tab');
  assert.equal(complete(second.seen), undefined, 'chunks come before the answer is complete');
  await until(() => complete(first.seen) && complete(second.seen), 'the end');
  const plain = (seen) => chunks(seen).map(({ text, chunk_number, is_final }) => ({ text, chunk_number, is_final }));
  assert.deepEqual(plain(second.seen), plain(first.seen));
  assert.deepEqual(plain(first.seen).map((chunk) => chunk.chunk_number), plain(first.seen).map((_, index) => index + 1));
  assert.equal(plain(first.seen).map((chunk) => chunk.text).join(''), complete(first.seen).full_response);
  for (const { page } of [first, second]) {
    const shown = await page.getByTestId('model').last().locator('p').textContent();
    assert.equal(shown, complete(first.seen).full_response);
    assert.equal(await page.getByTestId('user').count(), 1);
  }
  for (const { seen } of [first, second]) {
    assert.deepEqual(seen.foreign, [], 'no request leaves the origin');
    assert.deepEqual(seen.problems, [], 'no policy violation, no error');
  }
  await first.close();
  await second.close();
  await server.stop();
});

test('typing shows in the other tab only', async () => {
  const server = await serve();
  const first = await open(browser, server.url + '/demo/lite');
  await connected(first.page);
  const second = await open(browser, await sessionUrl(first));
  await until(() => second.seen.received.some((frame) => frame.type === 'session_joined'), 'the join');
  await first.page.getByTestId('text').pressSequentially('Hel');
  await second.page.getByText('Somebody is typing…').waitFor();
  assert.equal(await first.page.getByTestId('typing').textContent(), '');
  assert.ok(!first.seen.received.some((frame) => frame.update_type === 'user_typing'));
  await second.page.waitForFunction(() => document.querySelector('[data-testid=typing]').textContent === '');
  await first.close();
  await second.close();
  await server.stop();
});

test('a reload in the middle of an answer loses nothing that was shown', async () => {
  const server = await serve();
  const tab = await open(browser, server.url + '/demo');
  await connected(tab.page);
  await sessionUrl(tab);
  await ask(tab.page, 'write 80 words about reloading');
  await until(() => chunks(tab.seen).length >= 5, 'some chunks');
  const shown = await tab.page.getByTestId('model').last().locator('p').textContent();
  assert.ok(shown.length > 0);
  await tab.page.reload();
  await until(() => complete(tab.seen), 'the end');
  await tab.page.waitForFunction((text) => [...document.querySelectorAll('[data-testid=model] p')].some((p) => p.textContent === text),
    complete(tab.seen).full_response);
  assert.ok(complete(tab.seen).full_response.startsWith(shown));
  assert.equal(await tab.page.locator('main [data-testid=model]').count(), 1, 'the answer stands once');
  assert.equal(await tab.page.locator('main [data-testid=user]').count(), 1, 'the question stands once');
  const session = new URLSearchParams(new URL(tab.page.url()).hash.slice(1)).get('session');
  const stored = await (await fetch(`${server.url}/sessions/${session}`)).json();
  assert.equal(stored.messages.at(-1).content, complete(tab.seen).full_response);
  await tab.close();
  await server.stop();
});

test('the light goes out with the server, and the session is there again after its restart', async () => {
  const server = await serve();
  const tab = await open(browser, server.url + '/demo');
  await connected(tab.page);
  await sessionUrl(tab);
  await ask(tab.page, 'repeat: remember me');
  await until(() => complete(tab.seen), 'the answer');
  assert.equal(await server.stop(true), 0);
  await tab.page.waitForSelector('[data-testid=state][data-state=offline]');
  const again = await serve({ port: server.port, data: server.data });
  await connected(tab.page);
  await until(() => tab.seen.received.some((frame) => frame.type === 'session_joined' && frame.message_count === 2), 'the rejoin');
  assert.equal(await tab.page.locator('main [data-testid=model] p').textContent(), 'remember me');
  await tab.close();
  await again.stop();
});

test('text of people and of the model is shown as text, whatever it looks like', async () => {
  const server = await serve({ pace: 0 });
  const tab = await open(browser, server.url + '/demo');
  await connected(tab.page);
  const evil = '<img src=x onerror="window.broken=1"><script>window.broken=2</script><b>bold</b>';
  await ask(tab.page, 'repeat: ' + evil);
  await until(() => complete(tab.seen), 'the answer');
  assert.equal(await tab.page.locator('main [data-testid=model] p').textContent(), evil);
  assert.equal(await tab.page.locator('main img, main script, main p b').count(), 0);
  assert.equal(await tab.page.evaluate(() => window.broken), undefined);
  assert.deepEqual(tab.seen.foreign, []);
  await tab.close();
  await server.stop();
});

test('clear empties the page of every member, and a narrow screen needs no sideways scroll', async () => {
  const server = await serve({ pace: 0 });
  const first = await open(browser, server.url + '/demo');
  await connected(first.page);
  const second = await open(browser, await sessionUrl(first));
  await until(() => second.seen.received.some((frame) => frame.type === 'session_joined'), 'the join');
  await ask(first.page, 'hello');
  await until(() => complete(second.seen), 'the answer');
  await first.page.getByTestId('clear').click();
  await second.page.getByText('The session was cleared').waitFor();
  assert.equal(await second.page.locator('main .turn').count(), 0);
  await first.page.setViewportSize({ width: 320, height: 560 });
  assert.ok(await first.page.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth));
  await first.close();
  await second.close();
  await server.stop();
});
