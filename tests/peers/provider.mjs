// A certified OpenID Connect provider for the tests; see .ci/peers.
//   [MISBEHAVE=WAY] node provider.mjs REDIRECT_URI
// Prints its issuer, then serves until killed. Any login name is accepted and becomes the subject.

import { createServer } from 'node:http';
import { SignJWT, calculateJwkThumbprint, decodeJwt, exportJWK, generateKeyPair } from 'jose';
import { Provider } from 'oidc-provider';

// The library's notices would go to standard output, which is for the issuer only.
console.info = console.error;

const { privateKey } = await generateKeyPair('RS256', { extractable: true });
const jwk = await exportJWK(privateKey);
const kid = await calculateJwkThumbprint(jwk);
const header = { alg: 'RS256', typ: 'JWT', kid };
const sign = (claims) => new SignJWT(claims).setProtectedHeader(header).sign(privateKey);

// Each way to misbehave: what becomes of the id_token. Apart from bad-signature they are signed
// with the provider's own key, so that nothing but what the way names can be found wrong.
const ways = {
  'wrong-nonce': (token) => sign({ ...decodeJwt(token), nonce: 'another-nonce' }),
  'wrong-audience': (token) => sign({ ...decodeJwt(token), aud: 'another-client' }),
  'bad-signature': (token) => {
    const [head, claims, signature] = token.split('.');
    // The first character: the bits of the last one do not all count.
    return [head, claims, (signature[0] === 'A' ? 'B' : 'A') + signature.slice(1)].join('.');
  },
  'no-id-token': () => undefined,
};

const [redirect] = process.argv.slice(2);
const way = process.env.MISBEHAVE || undefined;
if (!redirect || (way && !Object.hasOwn(ways, way))) {
  console.error(`usage: [MISBEHAVE=${Object.keys(ways).join('|')}] node provider.mjs REDIRECT_URI`);
  process.exit(2);
}

// The issuer's name has the port in it: listen first.
const server = createServer();
await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
const issuer = `http://127.0.0.1:${server.address().port}`;

const provider = new Provider(issuer, {
  clients: [{
    client_id: 'motcua',
    client_secret: 'a-client-secret-for-tests-only',
    redirect_uris: [redirect],
    response_types: ['code'],
    grant_types: ['authorization_code'],
    token_endpoint_auth_method: 'client_secret_basic',
    id_token_signed_response_alg: 'RS256',
  }],
  jwks: { keys: [{ ...jwk, kid, alg: 'RS256', use: 'sig' }] },
  pkce: { methods: ['S256'], required: () => true },
  features: { devInteractions: { enabled: true } },
  findAccount: (_, login) => ({ accountId: login, claims: () => ({ sub: login }) }),
});

if (way) {
  provider.use(async (ctx, next) => {
    await next();
    if (ctx.oidc?.route === 'token' && ctx.body?.id_token) {
      ctx.body = { ...ctx.body, id_token: await ways[way](ctx.body.id_token) };
    }
  });
}

server.on('request', provider.callback());
console.log(`issuer ${issuer}`);
