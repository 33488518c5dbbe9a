// Takes the README's picture: two tabs of one session in the middle of an answer, side by side.
// Usage: PARLEY_BIN=… node screenshot.mjs FILE.png
import { ask, chunks, complete, connected, launch, open, serve, until } from './support.mjs';

const file = process.argv[2] ?? '../../docs/images/demo-lite.png';
const server = await serve({ pace: 60 });
const browser = await launch();
const first = await open(browser, server.url + '/demo');
await connected(first.page);
await first.page.waitForFunction(() => location.hash.includes('session='));
const second = await open(browser, first.page.url());
await until(() => second.seen.received.some((frame) => frame.type === 'session_joined'), 'the join');
for (const { page } of [first, second]) await page.setViewportSize({ width: 640, height: 620 });
await ask(first.page, 'Hello! My name is Ada.');
await until(() => complete(second.seen), 'the first answer');
await ask(second.page, 'write 45 words about rivers');
await second.page.getByTestId('text').pressSequentially('And then');
await until(() => chunks(first.seen).filter((chunk) => chunk.message_id === chunks(first.seen).at(-1).message_id).length >= 12, 'half an answer');
const shots = await Promise.all([first, second].map(({ page }) => page.screenshot()));
const sheet = await browser.newPage({ viewport: { width: 1296, height: 636 } });
await sheet.setContent(`<body style="margin:8px;background:#8a9490;display:flex;gap:8px">${shots
  .map((shot) => `<img style="border-radius:10px" width="636" src="data:image/png;base64,${shot.toString('base64')}">`).join('')}</body>`);
await sheet.screenshot({ path: file });
await browser.close();
await server.stop();
