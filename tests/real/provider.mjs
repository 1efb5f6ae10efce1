// The OpenID provider of the real-server tests: npm's oidc-provider over HTTPS, and a plain control port beside it
// through which a test changes what a provider's administrator would change.
//
// usage: node provider.mjs CONFIG.json
// CONFIG: { port, control, cert, key, client_id, secret, auth_method, introspection: { id, secret }, scopes }
// Prints `ready` on stdout once both ports answer.

import { createPublicKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import https from 'node:https';

// 8.x, because Debian 12 ships Node 18, and 9.x needs newer.
import Provider from 'oidc-provider';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const issuer = `https://localhost:${config.port}`;

// What the control port changes.
const secrets = new Set([config.secret]);
const lifetime = { access: 3600 };
// As long as Microsoft's (about 2,000 characters): too long for one SMTP line, so that AUTH must take two steps.
const length = { bytes: 1_500 };
const outage = { status: 0 };
const log = [];
const grants = new Map();
// Apps without a person: what they are, and the mailbox that opens for each.
const machines = new Map();

// A login name is the part before the @ of its mailbox; the address itself works as well.
const address = (login) => (login.includes('@') ? login : `${login}@example.test`).toLowerCase();

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: config.client_id,
      client_secret: config.secret,
      application_type: 'native',
      // No port: RFC 8252 §7.3 lets a native client bring its own.
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://localhost/', 'http://localhost'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      token_endpoint_auth_method: config.auth_method ?? 'client_secret_basic',
    },
    {
      client_id: config.introspection.id,
      client_secret: config.introspection.secret,
      redirect_uris: [],
      grant_types: [],
      response_types: [],
      token_endpoint_auth_method: 'client_secret_basic',
    },
  ],
  async findAccount(_ctx, login) {
    const email = address(login);
    return {
      accountId: login,
      claims: async () => ({ sub: login, email, email_verified: true, preferred_username: email, name: login }),
    };
  },
  // The claims are also in the ID token, as they do at Microsoft and Google, not at the userinfo endpoint alone.
  conformIdTokenClaims: false,
  claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name', 'preferred_username'] },
  scopes: ['openid', 'offline_access', ...(config.scopes ?? ['mail'])],
  // Dovecot asks the introspection endpoint whose token it is.
  extraTokenClaims: async (_ctx, token) => ({ email: machines.get(token.clientId)?.mailbox ?? address(token.accountId) }),
  features: {
    clientCredentials: { enabled: true },
    deviceFlow: { enabled: true },
    introspection: { enabled: true },
    revocation: { enabled: true },
    devInteractions: { enabled: true },
  },
  rotateRefreshToken: () => true,
  ttl: {
    AccessToken: () => lifetime.access,
    AuthorizationCode: 60,
    DeviceCode: 600,
    Grant: 86400,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 3600,
  },
  cookies: { keys: ['only', 'for', 'tests'] },
});

const { generateTokenId } = provider.AccessToken.prototype;
provider.AccessToken.prototype.generateTokenId = function long(...details) {
  // It also settles the token's format.
  generateTokenId.apply(this, details);
  return randomBytes(length.bytes).toString('base64url');
};

// Two secrets can be valid at once, as in Microsoft Entra.
const { compareClientSecret } = provider.Client.prototype;
provider.Client.prototype.compareClientSecret = function compare(actual) {
  return this.clientId === config.client_id ? secrets.has(actual) : compareClientSecret.call(this, actual);
};

const { find } = provider.Client;
provider.Client.find = async (id) => machines.get(id)?.client ?? find.call(provider.Client, id);

const remember = (ctx) => {
  const token = ctx.oidc.entities.AccessToken ?? ctx.oidc.entities.RefreshToken;
  if (token?.grantId) grants.set(address(token.accountId), [...(grants.get(address(token.accountId)) ?? []), token.grantId]);
};
provider.on('grant.success', (ctx) => {
  remember(ctx);
  log.push({ endpoint: 'token', grant_type: ctx.oidc.params.grant_type, outcome: 'success' });
});
provider.on('grant.error', (ctx, error) => {
  log.push({ endpoint: 'token', grant_type: ctx.oidc.params?.grant_type, outcome: error.error, detail: error.error_detail });
});
provider.on('grant.revoked', (ctx, grantId) => log.push({ endpoint: 'token', outcome: 'grant_revoked', grantId }));
provider.on('server_error', (_ctx, error) => console.error(error));

const answer = provider.callback();
const server = https.createServer({ cert: readFileSync(config.cert), key: readFileSync(config.key) }, (request, response) => {
  if (outage.status && new URL(request.url, issuer).pathname === '/token') {
    log.push({ endpoint: 'token', outcome: `outage_${outage.status}` });
    response.writeHead(outage.status, { 'content-type': 'text/html' });
    response.end('<html><body><h1>We will be back soon</h1></body></html>');
    return;
  }
  answer(request, response);
});

const listen = () => new Promise((resolve) => { server.listen(config.port, '127.0.0.1', resolve); });

const commands = {
  async add_secret({ secret }) { secrets.add(secret); },
  async remove_secret({ secret }) { secrets.delete(secret); },
  // Registers an app without a person: with a secret, or with the certificate whose key signs by `algorithm`.
  async add_machine({ client_id, mailbox, secret, certificate, algorithm }) {
    const authentication = certificate
      ? {
        token_endpoint_auth_method: 'private_key_jwt',
        token_endpoint_auth_signing_alg: algorithm,
        jwks: { keys: [{ ...createPublicKey(certificate).export({ format: 'jwk' }), use: 'sig' }] },
      }
      : { token_endpoint_auth_method: 'client_secret_basic', client_secret: secret };
    const client = new provider.Client({
      client_id, grant_types: ['client_credentials'], redirect_uris: [], response_types: [], ...authentication,
    });
    machines.set(client_id, { client, mailbox });
  },
  async lifetime({ access }) { lifetime.access = access; },
  async token_length({ bytes }) { length.bytes = bytes; },
  // 0 ends the outage.
  async outage({ status }) { outage.status = status; },
  // Closes the port, and with it every endpoint.
  async down() {
    server.closeAllConnections();
    await new Promise((resolve) => { server.close(resolve); });
  },
  async up() { await listen(); },
  // What the administrator's "revoke sessions" does.
  async revoke({ email }) {
    for (const grantId of grants.get(email) ?? []) {
      await provider.RefreshToken.revokeByGrantId(grantId);
      await provider.AccessToken.revokeByGrantId(grantId);
      await (await provider.Grant.find(grantId))?.destroy();
    }
    return { grants: (grants.get(email) ?? []).length };
  },
  async log() { return log; },
  async forget_log() { log.length = 0; },
};

const control = http.createServer(async (request, response) => {
  const body = [];
  for await (const chunk of request) body.push(chunk);
  const command = commands[request.url.slice(1)];
  try {
    if (!command) throw new Error(`no such command: ${request.url}`);
    const result = await command(body.length ? JSON.parse(Buffer.concat(body).toString()) : {});
    response.writeHead(200, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(result ?? {}));
  } catch (error) {
    response.writeHead(400, { 'content-type': 'text/plain', connection: 'close' });
    response.end(String(error));
  }
});

await listen();
await new Promise((resolve) => { control.listen(config.control, '127.0.0.1', resolve); });
console.log('ready');
