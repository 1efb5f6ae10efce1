// Microsoft's own library for Node gets an app's own tokens from the practice tenant, by each kind of credential.
//
// usage: node credentials.mjs CONFIG.json
// CONFIG: { authority, tenant, client_id, secret, key, certificate, token_file, scope }
// NODE_EXTRA_CA_CERTS names the tenant's CA. The output is { KIND: access token }.

import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { ConfidentialClientApplication } from '@azure/msal-node';

const config = JSON.parse(readFileSync(process.argv[2], 'utf8'));
const text = (path) => readFileSync(path, 'utf8');
const certificate = new X509Certificate(text(config.certificate));
const digits = (fingerprint) => fingerprint.replaceAll(':', '');
const privateKey = text(config.key);

const credentials = {
  'node-secret': { clientSecret: config.secret },
  'node-ps256': { clientCertificate: { thumbprintSha256: digits(certificate.fingerprint256), privateKey } },
  'node-rs256': { clientCertificate: { thumbprint: digits(certificate.fingerprint), privateKey } },
  'node-assertion': { clientAssertion: async () => text(config.token_file) },
};

const tokens = {};
for (const [kind, credential] of Object.entries(credentials)) {
  const app = new ConfidentialClientApplication({
    auth: {
      clientId: config.client_id,
      authority: `${config.authority}/${config.tenant}`,
      // Any other than Microsoft's hosts is asked about at Microsoft unless it is known.
      knownAuthorities: [new URL(config.authority).host],
      ...credential,
    },
  });
  const answer = await app.acquireTokenByClientCredential({ scopes: [config.scope] });
  assert.equal(answer.tokenType, 'Bearer', kind);
  tokens[kind] = answer.accessToken;
}
console.log(JSON.stringify(tokens));
