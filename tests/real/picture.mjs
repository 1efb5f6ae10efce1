// Opens a page in Chromium as its reader would, insists that it loads nothing from elsewhere, and takes its picture.
//
// usage: node picture.mjs OPTIONS.json
// OPTIONS: { chromium, profile, page, pictures: [{ file, scheme: "light" | "dark", width }] }
// Prints a JSON object: what the page asked for besides itself, errors on its console, and how far it is too wide.

import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const options = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const browser = await chromium.launch({
  executablePath: options.chromium,
  headless: true,
  args: [
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
  ],
});
const seen = { requests: [], errors: [], overflow: 0, text: '' };
try {
  const address = pathToFileURL(options.page).href;
  for (const { file, scheme, width } of options.pictures) {
    const context = await browser.newContext({ colorScheme: scheme, viewport: { width, height: 800 }, deviceScaleFactor: 1.5 });
    const page = await context.newPage();
    page.on('request', (request) => { if (request.url() !== address) seen.requests.push(request.url()); });
    page.on('console', (message) => { if (message.type() === 'error') seen.errors.push(message.text()); });
    page.on('pageerror', (error) => seen.errors.push(String(error)));
    await page.goto(address);
    const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    seen.overflow = Math.max(seen.overflow, tooWide);
    seen.text = await page.innerText('body');
    await page.screenshot({ path: file, fullPage: true });
    await context.close();
  }
} finally {
  await browser.close();
}
console.log(JSON.stringify(seen));
