// Google's own SDK and its own way to get tokens, against the emulator as Vertex AI; and our tokens against a
// server that checks them with what Node.js has.
import assert from 'node:assert/strict';
import { spawn, execFile } from 'node:child_process';
import { generateKeyPairSync, verify } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { GoogleGenAI, Modality, Type } from '@google/genai';
import { Gaxios } from 'gaxios';
import { GoogleAuth } from 'google-auth-library';

// Without an end of its standard input the program would wait for more of the question.
const execute = promisify(execFile);
function run(...words) {
  const running = execute(...words);
  running.child.stdin.end();
  return running;
}
const folder = mkdtempSync(join(tmpdir(), 'parley-vertex-'));
const keyFile = join(folder, 'account.json');
const model = 'gemini-2.5-flash', either = 'gemini-live-2.5-flash-preview';
let emulator, baseUrl;

async function start(...options) {
  const child = spawn(process.env.PARLEY_BIN, ['emulate', '--port', '0', '--pace', '1', '--playback', '0', ...options],
    { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const piece of child.stdout) {
    said += piece;
    if (said.includes('\n')) break;
  }
  return [child, said.match(/http:\S+/)[0]];
}
async function stop(child) {
  child.kill('SIGTERM');
  assert.equal((await once(child, 'exit'))[0], 0);
}

before(async () => {
  [emulator, baseUrl] = await start('--new-service-account', keyFile);
});
after(async () => {
  await stop(emulator);
  rmSync(folder, { recursive: true });
});

// The library asks Google's token server by name: the request is led to the emulator's, nothing else is changed.
function auth() {
  const transporter = new Gaxios();
  transporter.interceptors.request.add({ resolved: async (request) => {
    if (String(request.url).startsWith('https://oauth2.googleapis.com/')) request.url = new URL('/token', baseUrl);
    return request;
  } });
  return { keyFile, scopes: 'https://www.googleapis.com/auth/cloud-platform', clientOptions: { transporter } };
}
function client(options = {}) {
  return new GoogleGenAI({ vertexai: true, project: 'emulator', location: 'us-central1', googleAuthOptions: auth(),
    httpOptions: { baseUrl }, ...options });
}

test('the library gets a token for the account that the emulator made', async () => {
  const token = await new GoogleAuth(auth()).getAccessToken();
  assert.match(token, /^ya29\./);
});

test('the file is for its owner alone', () => {
  assert.equal(statSync(keyFile).mode & 0o077, 0);
});

test('generate, stream, count, embed', async () => {
  const ai = client();
  const whole = await ai.models.generateContent({ model, contents: 'repeat: Good morning, world' });
  assert.equal(whole.text, 'Good morning, world');
  assert.equal(whole.usageMetadata.trafficType, 'ON_DEMAND');
  assert.ok(whole.createTime);
  let joined = '';
  for await (const chunk of await ai.models.generateContentStream({ model, contents: 'repeat: a wide world' }))
    joined += chunk.text;
  assert.equal(joined, 'a wide world');
  assert.ok((await ai.models.countTokens({ model, contents: 'one two' })).totalTokens > 0);
  for (const name of ['gemini-embedding-001', 'gemini-embedding-2']) {
    const made = await ai.models.embedContent({ model: name, contents: 'red apple', config: { outputDimensionality: 64 } });
    assert.equal(made.embeddings[0].values.length, 64, name);
  }
});

test('models, caches and functions', async () => {
  const ai = client();
  const names = [];
  for await (const one of await ai.models.list({ config: { pageSize: 5, queryBase: true } })) names.push(one.name);
  assert.ok(names.includes('publishers/google/models/gemini-2.5-flash'), names.join());
  const cache = await ai.caches.create({ model, config: { ttl: '60s', contents: 'word '.repeat(1300) } });
  assert.match(cache.name, /^projects\/emulator\/locations\/us-central1\/cachedContents\//);
  const answer = await ai.models.generateContent({ model, contents: 'Hello', config: { cachedContent: cache.name } });
  assert.ok(answer.usageMetadata.cachedContentTokenCount > 1000);
  const tools = [{ functionDeclarations: [{ name: 'get_weather',
    parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } } }] }];
  const called = await ai.models.generateContent({ model, contents: 'What is the weather in Oslo?', config: { tools } });
  assert.deepEqual(called.functionCalls[0].args, { city: 'Oslo' });
});

test('errors are the service\'s', async () => {
  await assert.rejects(client().models.generateContent({ model: 'gemini-9', contents: 'x' }),
    (error) => error.status === 404 && /Publisher Model/.test(error.message));
  const wrong = { vertexai: true, project: 'emulator', location: 'us-central1', httpOptions: { baseUrl, headers: { Authorization: 'Bearer other' } } };
  await assert.rejects(new GoogleGenAI({ ...wrong, googleAuthOptions: auth() }).models.generateContent({ model, contents: 'x' }),
    (error) => error.status === 401);
});

test('Live: text, session id, the turn of a function call by itself', async () => {
  const messages = [];
  let wake = () => {};
  const session = await client().live.connect({ model: either,
    config: { responseModalities: [Modality.TEXT], tools: [{ functionDeclarations: [{ name: 'get_weather',
      parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING } } } }] }] },
    callbacks: { onmessage: (message) => { messages.push(message); wake(); } } });
  const until = async (test) => {
    while (!test()) await new Promise((resolve) => { wake = resolve; });
  };
  const turns = () => messages.filter((one) => one.serverContent?.turnComplete).length;
  assert.match(messages.find((one) => one.setupComplete).setupComplete.sessionId, /^[0-9a-f-]{36}$/);
  session.sendClientContent({ turns: 'What is the weather in Oslo?' });
  await until(() => turns() === 1);
  const call = messages.find((one) => one.toolCall).toolCall.functionCalls[0];
  session.sendToolResponse({ functionResponses: [{ id: call.id, name: call.name, response: { output: 'sunny' } }] });
  await until(() => turns() === 2);
  const text = messages.flatMap((one) => one.serverContent?.modelTurn?.parts ?? []).map((part) => part.text).join('');
  assert.match(text, /sunny/);
  assert.equal(messages.findLast((one) => one.usageMetadata).usageMetadata.trafficType, 'ON_DEMAND');
  session.close();
});

test('our assertion is a JWT that others take', async (context) => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const seen = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    const form = new URLSearchParams(body);
    const [head, claims, signature] = form.get('assertion').split('.');
    seen.push({ grant: form.get('grant_type'), type: request.headers['content-type'],
      head: JSON.parse(Buffer.from(head, 'base64url')), claims: JSON.parse(Buffer.from(claims, 'base64url')),
      good: verify('RSA-SHA256', Buffer.from(`${head}.${claims}`), publicKey, Buffer.from(signature, 'base64url')) });
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ access_token: 'canary-access-token', expires_in: 3599, token_type: 'Bearer' }));
  });
  server.listen(0, '127.0.0.1');
  context.after(() => { server.closeAllConnections(); server.close(); });
  await once(server, 'listening');
  const token_uri = `http://127.0.0.1:${server.address().port}/token`;
  const file = join(folder, 'ours.json');
  writeFileSync(file, JSON.stringify({ type: 'service_account', project_id: 'emulator', private_key_id: 'kid-1',
    private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }), client_email: 'a@b.iam.gserviceaccount.com', token_uri }));
  const [any, url] = await start();  // takes every token
  context.after(() => stop(any));
  const env = { PATH: process.env.PATH };
  const before = Math.floor(Date.now() / 1000);
  const { stdout } = await run(process.env.PARLEY_BIN, ['ask', '--credentials', file, '--base-url', url, 'repeat: signed'], { env });
  assert.equal(stdout, 'signed\n');
  assert.equal(seen.length, 1);
  const { claims } = seen[0];
  assert.ok(seen[0].good);
  assert.equal(seen[0].grant, 'urn:ietf:params:oauth:grant-type:jwt-bearer');
  assert.equal(seen[0].type, 'application/x-www-form-urlencoded');
  assert.deepEqual(seen[0].head, { alg: 'RS256', typ: 'JWT', kid: 'kid-1' });
  assert.equal(claims.iss, 'a@b.iam.gserviceaccount.com');
  assert.equal(claims.aud, token_uri);
  assert.equal(claims.scope, 'https://www.googleapis.com/auth/cloud-platform');
  assert.equal(claims.exp - claims.iat, 3600);
  assert.ok(claims.iat >= before && claims.iat <= before + 60);
});

test('the program: credentials, models, and errors without secrets', async () => {
  const env = { PATH: process.env.PATH };
  const parley = (...words) => run(process.env.PARLEY_BIN, words, { env });
  const common = ['--credentials', keyFile, '--base-url', baseUrl];
  assert.equal((await parley('ask', ...common, 'repeat: here')).stdout, 'here\n');
  const { stdout } = await parley('models', ...common, '--use', 'live');
  assert.match(stdout, /^gemini-3\.8-live +live/m);
  const fails = (...words) => parley(...words).then(() => assert.fail('it did not fail'), (error) => error);
  const secret = readFileSync(keyFile, 'utf8');
  writeFileSync(join(folder, 'bad.json'), secret.replace('client_email', 'client_mail'));
  const bad = await fails('ask', '--credentials', join(folder, 'bad.json'), 'x');
  assert.equal(bad.code, 1);
  assert.match(bad.stderr, /bad\.json: the credentials: client_email is missing/);
  assert.doesNotMatch(bad.stderr + bad.stdout, /PRIVATE KEY/);
  const none = await fails('ask', '--vertex', '--project', 'p', '--base-url', baseUrl, 'x');
  assert.match(none.stderr, /GOOGLE_APPLICATION_CREDENTIALS is not set/);
  const project = await run(process.env.PARLEY_BIN, ['ask', '--vertex', '--base-url', baseUrl, 'x'],
    { env: { ...env, NO_GCE_CHECK: 'true', HOME: folder } }).catch((error) => error);
  assert.match(project.stderr, /no credentials of Google Cloud/);
});
