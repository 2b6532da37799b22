// Takes the pictures in docs/pictures: a real mitmweb with the proxy in it, in front of
// an upstream that answers from conversations.mjs, clicked through by Chromium.
//
//   npm install && node take_pictures.mjs          (in this folder)
//   PYTHON=…/bin/python CHROMIUM=…/chromium        if they are elsewhere
//
// Look at each picture before you commit it.

import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { chromium } from 'playwright-core';

import { ANSWERS, converse } from './conversations.mjs';
import { startUpstream } from './upstream.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const PYTHON = process.env.PYTHON ?? 'python';
const TARGET = resolve(process.env.PICTURES ?? join(HERE, '../../docs/pictures'));
const TOKEN = 'pictures';
const QUIET = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync'];

// The list has its own picture; these are of one flow each.
const PICTURES = [
  { name: 'translation', row: 0, tab: 'Request', view: 'translation' },
  { name: 'timeline', row: 1, tab: 'Response', view: 'timeline' },
  { name: 'context', row: 4, tab: 'Request', view: 'context' },
];
const LIST_WIDTH = 400; // of the list beside a flow, pixels
const LIST = { width: 1140, height: 412 }; // what is shown of the page with the list alone

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

async function startMitmweb(upstream, home) {
  const [port, webPort] = [await freePort(), await freePort()];
  const line = ['-m', 'anthropic_proxy.cli', 'serve', '--web', '--upstream', upstream,
    '--port', port, '--web-port', webPort, '--',
    '--set', `web_password=${TOKEN}`, '--set', 'anthropic_auto_cache=true'];
  const env = { ...process.env, HOME: home, ANTHROPIC_API_KEY: 'sk-ant-api03-none' };
  const running = spawn(PYTHON, line.map(String), { env, cwd: home, stdio: 'ignore' });
  const page = `http://127.0.0.1:${webPort}/?token=${TOKEN}`;
  for (let tries = 0; tries < 200 && !(await fetch(page).catch(() => null)); tries++) await sleep(100);
  return { url: `http://127.0.0.1:${port}`, page, stop: () => running.kill() };
}

async function ask(proxy, body) {
  const answer = await fetch(`${proxy}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'user-agent': 'hiking-planner/2.1' },
    body: JSON.stringify(body),
  });
  return body.stream ? answer.text() : answer.json();
}

/** Chooses a flow, a side and a view as a user does. */
async function look(page, { row, tab, view }) {
  await page.locator('.flow-table tbody tr:has(td)').nth(row).click();
  await page.locator('.flow-detail nav a', { hasText: tab }).first().click();
  await page.locator('.contentview .controls', { hasText: 'View:' }).locator('a').last().click();
  await page.locator('li', { hasText: new RegExp(`^\\s*${view}\\s*$`, 'i') }).click();
  await sleep(500);
}

/** Gives the flow more room than the list. */
async function widen(page) {
  const { x, y, height } = await page.locator('.splitter').boundingBox();
  await page.mouse.move(x + 1, y + height / 2);
  await page.mouse.down();
  await page.mouse.move(LIST_WIDTH, y + height / 2, { steps: 5 });
  await page.mouse.up();
}

async function main() {
  mkdirSync(TARGET, { recursive: true });
  const home = mkdtempSync(join(tmpdir(), 'pictures-'));
  const upstream = await startUpstream([...ANSWERS]);
  const web = await startMitmweb(upstream.url, home);
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: QUIET,
  });
  try {
    const page = await browser.newPage({ viewport: { width: LIST.width, height: 600 } });
    await page.goto(web.page);
    await converse((body) => ask(web.url, body));
    await sleep(500);
    await page.screenshot({ path: join(TARGET, 'flow-list.png'), clip: { x: 0, y: 0, ...LIST } });
    await page.setViewportSize({ width: 1400, height: 1500 });
    await page.locator('.flow-table tbody tr:has(td)').first().click();
    await widen(page);
    for (const picture of PICTURES) {
      await look(page, picture);
      const path = join(TARGET, `${picture.name}.png`);
      await page.locator('.contentview').screenshot({ path });
    }
  } finally {
    await browser.close();
    web.stop();
    upstream.stop();
    rmSync(home, { recursive: true, force: true });
  }
}

await main();
