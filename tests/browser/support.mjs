// Starts the program under test and a browser, and records what goes over their WebSockets.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const binary = process.env.PARLEY_BIN ?? '../../build/release/bin/parley';

export const launch = () => chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

// A `parley serve` that has said that it is ready. `port` 0 takes a free one.
export const serve = async ({ port = 0, data, pace = 20 } = {}) => {
  const folder = data ?? await mkdtemp(join(tmpdir(), 'parley-browser-'));
  const child = spawn(binary, ['serve', '--offline', '--port', String(port), '--data', folder, '--pace', String(pace), '--quiet'],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  const url = await new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (bytes) => {
      text += bytes;
      const ready = text.match(/Parley is ready: (http:\/\/[^/\s]+)/);
      if (ready) resolve(ready[1]);
    });
    child.on('exit', (code) => reject(new Error(`parley serve ended with ${code}`)));
  });
  const stop = async (keep = false) => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    const code = await gone;
    if (!keep) await rm(folder, { recursive: true, force: true });
    return code;
  };
  return { url, port: Number(new URL(url).port), data: folder, stop };
};

// A page whose frames, foreign requests and policy violations are recorded.
export const open = async (browser, url) => {
  const context = await browser.newContext();
  const page = await context.newPage();
  const seen = { received: [], sent: [], foreign: [], problems: [] };
  page.on('websocket', (socket) => {
    socket.on('framereceived', ({ payload }) => seen.received.push(JSON.parse(payload)));
    socket.on('framesent', ({ payload }) => seen.sent.push(JSON.parse(payload)));
  });
  page.on('request', (request) => {
    const target = request.url();
    if (!target.startsWith('data:') && new URL(target).host !== new URL(url).host) seen.foreign.push(target);
  });
  page.on('console', (message) => { if (message.type() === 'error') seen.problems.push(message.text()); });
  page.on('pageerror', (error) => seen.problems.push(error.message));
  await page.goto(url);
  return { page, seen, close: () => context.close() };
};

export const connected = (page) => page.waitForSelector('[data-testid=state][data-state=connected]');

// Waits until `check` is true of what was recorded.
export const until = async (check, what) => {
  const end = Date.now() + 60_000;
  while (!check()) {
    if (Date.now() > end) throw new Error('never came: ' + what);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
};

export const ask = async (page, text) => {
  await page.getByTestId('text').fill(text);
  await page.getByTestId('text').press('Enter');
};

export const chunks = (seen) => seen.received.filter((frame) => frame.type === 'chunk');
export const complete = (seen) => seen.received.find((frame) => frame.type === 'response_complete');
