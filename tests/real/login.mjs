// The person at the browser: opens the authorization URL, signs in, consents, and waits for our own last page.
//
// usage: node login.mjs OPTIONS.json URL
// OPTIONS: { how: "chromium" | "plain", as, deny, ca, spki, chromium, profile, screenshot, page }
// URL may also be a device code's page with the code in it; `plain` alone knows those.
// `plain` walks through the same pages without a browser, for tests whose subject is something else.
// The last page's text goes to the file `page`, so that a test can read what the person was shown.

import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

const options = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const start = process.argv[3];

async function throughChromium() {
  const { chromium } = await import('playwright-core');
  const context = await chromium.launchPersistentContext(options.profile, {
    executablePath: options.chromium,
    headless: true,
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
      // The test CA's own server key, and no other error than its unknown issuer.
      `--ignore-certificate-errors-spki-list=${options.spki}`,
    ],
  });
  try {
    const page = context.pages()[0] ?? await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.goto(start);
    await page.fill('input[name=login]', options.as);
    await page.fill('input[name=password]', 'anything');
    await page.click('button[type=submit]');
    if (options.deny) {
      await page.click('a[href$="/abort"]');
    } else {
      await page.click('form[action*="/interaction/"] button[type=submit]');
    }
    await page.waitForURL((url) => url.protocol === 'http:');
    await page.waitForLoadState('load');
    if (options.screenshot) await page.screenshot({ path: options.screenshot });
    return await page.innerText('body');
  } finally {
    await context.close();
  }
}

function request(url, { method = 'GET', body, cookies }) {
  const { request: send } = url.protocol === 'https:' ? https : http;
  const headers = { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
  if (body) headers['content-type'] = 'application/x-www-form-urlencoded';
  return new Promise((resolve, reject) => {
    const call = send(url, { method, headers, ca: readFileSync(options.ca), timeout: 20_000, family: 4 }, async (response) => {
      const chunks = [];
      for await (const chunk of response) chunks.push(chunk);
      resolve({ response, text: Buffer.concat(chunks).toString() });
    });
    call.on('error', reject);
    call.end(body);
  });
}

async function throughPlainRequests() {
  const cookies = new Map();
  let url = new URL(start);
  let step = {};
  for (let hops = 0; hops < 20; hops += 1) {
    const local = url.protocol === 'http:';
    const { response, text } = await request(url, { ...step, cookies: local ? new Map() : cookies });
    if (local) return text.replace(/<[^>]*>/g, ' ');
    for (const line of response.headers['set-cookie'] ?? []) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      if (value) cookies.set(name, value); else cookies.delete(name);
    }
    if (response.headers.location) {
      url = new URL(response.headers.location, url);
      step = {};
      continue;
    }
    // Whatever ended it, well or not.
    if (/^\/device\//.test(url.pathname)) return text.replace(/<[^>]*>/g, ' ');
    // The device code's own pages, to enter and to confirm it: hidden fields only.
    const device = url.pathname === '/device' && /<form[^>]*action="([^"]+)"[\s\S]*?<\/form>/.exec(text);
    if (device) {
      const fields = [...device[0].matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, value]);
      url = new URL(device[1], url);
      step = { method: 'POST', body: new URLSearchParams(fields).toString() };
      continue;
    }
    const form = /<form[^>]*action="([^"]+)"[\s\S]*?name="prompt" value="(login|consent)"/.exec(text);
    if (!form) throw new Error(`no form on ${url.pathname} (HTTP ${response.statusCode}): ${text.slice(0, 2000)}`);
    url = new URL(form[1], url);
    if (options.deny && form[2] === 'consent') {
      url = new URL(`${url.pathname}/abort`, url);
      step = {};
    } else {
      step = { method: 'POST', body: new URLSearchParams({ prompt: form[2], login: options.as, password: 'anything' }).toString() };
    }
  }
  throw new Error('too many hops');
}

const text = options.how === 'chromium' ? await throughChromium() : await throughPlainRequests();
if (options.page) {
  // Renamed into its place: who waits for it never reads a part of it.
  writeFileSync(`${options.page}.part`, text);
  renameSync(`${options.page}.part`, options.page);
}
