// Google's own Gmail client against the practice tenant: the profile, messages, and sending. What it was answered is
// held against the types that it brings.
//
// usage: node gmail.mjs CONFIG.json
// CONFIG: { base, token, address, folder }
// NODE_EXTRA_CA_CERTS names the tenant's CA. The output is {} where all went well.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { auth, gmail } from '@googleapis/gmail';

import { insist } from './answers.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));

function client(token) {
  const bearer = new auth.OAuth2();
  bearer.setCredentials({ access_token: token });
  return gmail({ version: 'v1', auth: bearer, rootUrl: `${config.base}/` }).users;
}

const users = client(config.token);
const answers = [];
function answered(name, schema, { data }) {
  answers.push({ name, type: `gmail_v1.Schema$${schema}`, value: data });
  return data;
}

const profile = answered('profile', 'Profile', await users.getProfile({ userId: 'me' }));
assert.equal(profile.emailAddress, config.address);
const listed = answered('listed', 'ListMessagesResponse', await users.messages.list({ userId: 'me', maxResults: 5 }));
assert.equal(listed.messages.length, profile.messagesTotal);

const id = `${crypto.randomUUID()}@client.example`;
const mime = [
  `From: ${config.address}`, `To: ${config.address}`, 'Subject: by the Gmail client', `Message-ID: <${id}>`, '', 'Hello', '',
].join('\r\n');
const raw = Buffer.from(mime).toString('base64url');
const sent = answered('sent', 'Message', await users.messages.send({ userId: 'me', requestBody: { raw } }));
assert.ok(sent.id);
const found = answered('found', 'ListMessagesResponse',
  await users.messages.list({ userId: 'me', q: `rfc822msgid:${id}` }));
assert.equal(found.messages.length, 1);
const message = answered('message', 'Message',
  await users.messages.get({ userId: 'me', id: found.messages[0].id, format: 'metadata' }));
const subject = message.payload.headers.find(({ name }) => name === 'Subject');
assert.equal(subject.value, 'by the Gmail client');
answered('nothing', 'ListMessagesResponse', await users.messages.list({ userId: 'me', q: 'rfc822msgid:none@client.example' }));

async function refused(name, request, status, reason) {
  const error = await request.then(() => assert.fail(`${name} was not refused`), (error) => error);
  assert.equal(error.response?.status, status, `${name}: ${error}`);
  const told = error.response.data.error;
  assert.equal(told.code, status);
  assert.equal(told.errors[0].reason, reason, JSON.stringify(told));
}

await refused('no recipient', users.messages.send({
  userId: 'me', requestBody: { raw: Buffer.from('Subject: to no one\r\n\r\nHello\r\n').toString('base64url') },
}), 400, 'invalidArgument');
await refused('no such message', users.messages.get({ userId: 'me', id: '0' }), 404, 'notFound');
await refused('another mailbox', users.getProfile({ userId: 'other@client.example' }), 403, 'forbidden');
await refused('no token', client('nothing').getProfile({ userId: 'me' }), 401, 'authError');

insist(
  config.folder,
  `import type { gmail_v1 } from '@googleapis/gmail';`,
  answers,
  [
    { name: 'not_a_property', type: 'gmail_v1.Schema$Message', value: { ...sent, thread: '1' } },
    { name: 'not_a_number', type: 'gmail_v1.Schema$Profile', value: { ...profile, messagesTotal: 'one' } },
  ],
);
console.log(JSON.stringify({}));
