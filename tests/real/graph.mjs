// Microsoft's own Graph client against the practice tenant: it reads and sends mail, and issues and removes a client
// secret. What it was answered is held against Microsoft's own types.
//
// usage: node graph.mjs CONFIG.json
// CONFIG: { base, user_token, app_token, client_id, address, folder }
// NODE_EXTRA_CA_CERTS names the tenant's CA. The output is {} where all went well.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';

import { Client, GraphError } from '@microsoft/microsoft-graph-client';

import { insist } from './answers.mjs';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));

const client = (token) => Client.init({
  authProvider: (done) => done(null, token),
  baseUrl: config.base,
  // The client gives its token to Microsoft's hosts and to these.
  customHosts: new Set([new URL(config.base).hostname]),
});
const user = client(config.user_token);
const app = client(config.app_token);

const answers = [];
function answered(name, type, value) {
  answers.push({ name, type, value });
  return value;
}

async function refused(name, request, statusCode, code) {
  const error = await request.then(() => assert.fail(`${name} was not refused`), (error) => error);
  assert.ok(error instanceof GraphError, `${name}: ${error}`);
  assert.deepEqual([error.statusCode, error.code], [statusCode, code], `${name}: ${error.body}`);
  assert.match(error.requestId, /^[0-9a-f]{8}-[0-9a-f]{4}-/);
  assert.equal(error.headers.get('request-id'), error.requestId);
  assert.ok(Math.abs(Date.now() - error.date.getTime()) < 86_400_000, `${name}: ${error.date}`);
  return error;
}

// The inbox.
const inbox = answered('inbox', 'Answer<graph.MailFolder>', await user.api('/me/mailFolders/inbox').get());
const counted = answered('counted', 'Answer<graph.MailFolder>',
  await user.api('/me/mailFolders/inbox').select('totalItemCount,unreadItemCount').get());
assert.equal(counted.totalItemCount, inbox.totalItemCount);
assert.equal(counted.displayName, undefined);
const list = (path) => user.api(path).select('id,subject,from,receivedDateTime,internetMessageId');
const newest = answered('newest', 'Collection<graph.Message>',
  await list('/me/mailFolders/inbox/messages').top(2).orderby('receivedDateTime desc').get());
assert.equal(newest.value.length, Math.min(2, inbox.totalItemCount));
const whole = answered('whole', 'Collection<graph.Message>', await user.api('/me/messages').top(1).get());
assert.equal(whole.value[0].internetMessageHeaders, undefined);

// Sending, as JSON and as MIME.
const asJson = {
  message: {
    subject: 'by the Graph client, as JSON',
    body: { contentType: 'text', content: 'Hello' },
    toRecipients: [{ emailAddress: { address: config.address } }],
    internetMessageHeaders: [{ name: 'X-Practice', value: 'yes' }],
  },
  saveToSentItems: true,
};
answered('mail', 'graph.Message', asJson.message);
await user.api('/me/sendMail').post(asJson);
const id = `<${crypto.randomUUID()}@client.example>`;
const mime = [
  `From: ${config.address}`, `To: ${config.address}`, 'Subject: by the Graph client, as MIME', `Message-ID: ${id}`,
  '', 'Hello', '',
].join('\r\n');
const post = (body) => user.api('/me/sendMail').header('Content-Type', 'text/plain').post(body);
await post(Buffer.from(mime).toString('base64'));
const arrived = answered('arrived', 'Collection<graph.Message>',
  await list('/me/messages').filter(`internetMessageId eq '${id}'`).get());
assert.deepEqual(arrived.value.map(({ subject }) => subject), ['by the Graph client, as MIME']);
assert.equal(arrived.value[0].from.emailAddress.address, config.address);
const headers = answered('headers', 'Collection<graph.Message>',
  await user.api('/me/messages').select('internetMessageHeaders').top(1).get());
assert.ok(headers.value[0].internetMessageHeaders.some(({ name, value }) => name === 'Message-ID' && value === id));
assert.equal((await user.api('/me/mailFolders/inbox').get()).totalItemCount, inbox.totalItemCount + 2);

// The directory.
const registration = `/applications(appId='${config.client_id}')`;
const passwords = async () => (await app.api(registration).select('passwordCredentials').get()).passwordCredentials;
const before = answered('registration', 'Answer<graph.Application>', await app.api(registration).get());
answered('filtered', 'Collection<graph.Application>',
  await app.api('/applications').filter(`appId eq '${config.client_id}'`).select('id,appId').get());
answered('principal', 'Answer<graph.ServicePrincipal>',
  await app.api(`/servicePrincipals(appId='${config.client_id}')`).get());
const policy = answered('policy', 'Answer<graph.TenantAppManagementPolicy>',
  await app.api('/policies/defaultAppManagementPolicy').get());
assert.equal(policy.applicationRestrictions.passwordCredentials[0].maxLifetime, 'P30D');
answered('policies', 'Collection<graph.AppManagementPolicy>',
  await app.api(`/applications/${before.id}/appManagementPolicies`).get());
const add = (endDateTime) => app.api(`/applications/${before.id}/addPassword`).post({
  passwordCredential: { displayName: 'by the Graph client', endDateTime },
});
const inDays = (days) => new Date(Date.now() + days * 86_400_000).toISOString();
const tooLong = await refused('longer than the policy', add(inDays(90)), 400, 'CredentialInvalidLifetimeAsPerAppPolicy');
const [, assigned] = /assigned policy '([^']+)'/.exec(tooLong.message);
answered('assigned', 'Answer<graph.AppManagementPolicy>',
  await app.api(`/policies/appManagementPolicies/${assigned}`).get());
const end = inDays(20);
const issued = answered('issued', 'Answer<graph.PasswordCredential>', await add(end));
assert.ok(issued.secretText.startsWith(issued.hint));
assert.equal(Math.trunc(Date.parse(issued.endDateTime) / 1000), Math.trunc(Date.parse(end) / 1000));
const listed = (await passwords()).find(({ keyId }) => keyId === issued.keyId);
assert.equal(listed.secretText, null);
assert.equal(await app.api(`${registration}/removePassword`).post({ keyId: issued.keyId }), undefined);
assert.deepEqual(await passwords(), before.passwordCredentials);

// Refusals.
const nothing = '00000000-0000-4000-8000-000000000000';
await refused('no base64', post('{'), 400, 'ErrorMimeContentInvalidBase64String');
await refused('the app has no /me', app.api('/me/mailFolders/inbox').get(), 400, 'BadRequest');
await refused('the user may not', user.api(registration).get(), 403, 'Authorization_RequestDenied');
await refused('no such app', app.api(`/applications/${nothing}`).get(), 404, 'Request_ResourceNotFound');
await refused('no such key', app.api(`${registration}/removePassword`).post({ keyId: nothing }), 400, 'Request_BadRequest');
await refused('no token', client('nothing').api('/me').get(), 401, 'InvalidAuthenticationToken');

insist(
  config.folder,
  `import type * as graph from '@microsoft/microsoft-graph-types';
type Answer<T> = T & { '@odata.context'?: string };
type Collection<T> = Answer<{ value: Answer<T & { '@odata.etag'?: string }>[]; '@odata.nextLink'?: string }>;`,
  answers,
  [
    { name: 'not_a_folder', type: 'Answer<graph.MailFolder>', value: { ...counted, totalItemCount: 'one' } },
    { name: 'not_a_property', type: 'Collection<graph.Message>', value: { value: [{ sender_name: 'a' }] } },
    { name: 'not_a_kind', type: 'graph.Message', value: { body: { contentType: 'Markdown' } } },
  ],
);
console.log(JSON.stringify({}));
