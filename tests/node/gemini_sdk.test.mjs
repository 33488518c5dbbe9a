// Google's own SDK, unmodified, against the emulator: what it takes for the Gemini service.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { FunctionCallingConfigMode, GoogleGenAI, Modality, Type } from '@google/genai';

const text = 'gemini-2.5-flash', speech = 'gemini-2.5-flash-native-audio-latest', either = 'gemini-live-2.5-flash-preview';
let emulator, baseUrl, ai;

before(async () => {
  emulator = spawn(process.env.PARLEY_BIN, ['emulate', '--port', '0', '--pace', '1', '--playback', '0', '--bad-key', 'wrong',
    '--hears', 'What time is it?', '--lifetime', '60'], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const piece of emulator.stdout) {
    said += piece;
    if (said.includes('\n')) break;
  }
  baseUrl = said.match(/http:\S+/)[0];
  ai = client();
});
after(async () => {
  emulator.kill('SIGTERM');
  const [code] = await once(emulator, 'exit');
  assert.equal(code, 0);
});

function client(options = {}) {
  return new GoogleGenAI({ apiKey: 'any-key', ...options, httpOptions: { baseUrl, ...options.httpOptions } });
}

const weather = [{ functionDeclarations: [{
  name: 'get_weather',
  parameters: { type: Type.OBJECT, properties: { city: { type: Type.STRING }, days: { type: Type.INTEGER } } },
}] }];

test('generate, whole and as a stream', async () => {
  const whole = await ai.models.generateContent({ model: text, contents: 'repeat: Good morning, world' });
  assert.equal(whole.text, 'Good morning, world');
  assert.equal(whole.candidates[0].finishReason, 'STOP');
  assert.ok(whole.usageMetadata.totalTokenCount > 0);
  let joined = '', chunks = 0;
  for await (const chunk of await ai.models.generateContentStream({ model: text, contents: 'repeat: Good morning, wide world' })) {
    joined += chunk.text;
    ++chunks;
  }
  assert.equal(joined, 'Good morning, wide world');
  assert.ok(chunks > 1);
});

test('a chat has its history', async () => {
  const chat = ai.chats.create({ model: text });
  await chat.sendMessage({ message: 'My name is Ann' });
  assert.match((await chat.sendMessage({ message: 'Who am I?' })).text, /Ann/);
});

test('functions are called and their answers used', async () => {
  for (const model of [text, 'gemini-3.5-flash']) {
    const contents = [{ role: 'user', parts: [{ text: 'What will the weather in Oslo be for 3 days?' }] }];
    const first = await ai.models.generateContent({ model, contents, config: { tools: weather } });
    const [call] = first.functionCalls;
    assert.equal(call.name, 'get_weather');
    assert.deepEqual(call.args, { city: 'Oslo', days: 3 });
    contents.push(first.candidates[0].content);
    contents.push({ role: 'user', parts: [{ functionResponse: { id: call.id, name: call.name, response: { output: 'sunny' } } }] });
    assert.match((await ai.models.generateContent({ model, contents, config: { tools: weather } })).text, /sunny/);
  }
  const none = await ai.models.generateContent({ model: text, contents: 'What is the weather?', config: {
    tools: weather, toolConfig: { functionCallingConfig: { mode: FunctionCallingConfigMode.NONE } } } });
  assert.equal(none.functionCalls, undefined);
});

test('structured output, tokens, models, errors', async () => {
  const object = JSON.parse((await ai.models.generateContent({ model: text, contents: 'Hello', config: { responseMimeType: 'application/json' } })).text);
  assert.equal(object.prompt, 'Hello');
  assert.ok((await ai.models.countTokens({ model: text, contents: 'Hello there' })).totalTokens > 1);
  const names = [];
  for await (const model of await ai.models.list({ config: { pageSize: 4 } })) names.push(model.name);
  assert.ok(names.length > 10 && names.includes('models/' + text));
  await assert.rejects(ai.models.generateContent({ model: 'no-such-model', contents: 'x' }), { status: 404 });
  await assert.rejects(client({ apiKey: 'wrong' }).models.generateContent({ model: text, contents: 'x' }), /API key not valid/);
  const busy = client({ httpOptions: { headers: { 'x-parley-fault': 'status=429' } } });
  await assert.rejects(busy.models.generateContent({ model: text, contents: 'x' }), { status: 429 });
});

test('embeddings of texts that share words are near each other', async () => {
  const { embeddings } = await ai.models.embedContent({ model: 'gemini-embedding-001', contents: ['red apple', 'green apple', 'fast car'],
    config: { outputDimensionality: 256 } });
  const [red, green, car] = embeddings.map((one) => one.values);
  const along = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
  assert.equal(red.length, 256);
  assert.ok(along(red, green) > along(red, car) + 0.2);
});

test('files', async () => {
  const bytes = 'x'.repeat(9 * 1024 * 1024);  // two of the SDK's chunks
  const file = await ai.files.upload({ file: new Blob([bytes], { type: 'text/plain' }), config: { mimeType: 'text/plain', displayName: 'long' } });
  assert.equal(file.sizeBytes, String(bytes.length));
  assert.equal(file.state, 'ACTIVE');
  assert.equal((await ai.files.get({ name: file.name })).displayName, 'long');
  const names = [];
  for await (const one of await ai.files.list()) names.push(one.name);
  assert.ok(names.includes(file.name));
  await ai.files.delete({ name: file.name });
  await assert.rejects(ai.files.get({ name: file.name }), { status: 403 });
});

test('cached contents', async () => {
  const cache = await ai.caches.create({ model: text, config: { contents: 'Facts. '.repeat(2000), ttl: '60s' } });
  const longer = await ai.caches.update({ name: cache.name, config: { ttl: '600s' } });
  assert.ok(Date.parse(longer.expireTime) > Date.parse(cache.expireTime));
  const answer = await ai.models.generateContent({ model: text, contents: 'Hello', config: { cachedContent: cache.name } });
  assert.ok(answer.usageMetadata.promptTokenCount > 3000);
  await ai.caches.delete({ name: cache.name });
  await assert.rejects(ai.caches.get({ name: cache.name }), { status: 403 });
  await assert.rejects(ai.caches.create({ model: text, config: { contents: 'short' } }), /too small/);
});

// A Live session and what it has received.
async function live(model, config = {}, from = ai) {
  const got = [];
  let wake = () => {}, ended;
  const session = await from.live.connect({ model, config: { responseModalities: [Modality.AUDIO], ...config }, callbacks: {
    onmessage: (message) => { got.push(message); wake(); },
    onclose: (event) => { ended = [event.code, event.reason]; wake(); },
  } });
  return {
    session, got,
    async until(is) {
      while (!got.some(is) && !ended) await new Promise((resolve) => { wake = resolve; });
      return got.find(is);
    },
    async end() {
      while (!ended) await new Promise((resolve) => { wake = resolve; });
      return ended;
    },
  };
}
const over = (message) => message.serverContent?.turnComplete;

test('Live: text', async () => {
  const { session, got, until } = await live(either, { responseModalities: [Modality.TEXT] });
  session.sendClientContent({ turns: 'repeat: Good evening' });
  await until(over);
  assert.equal(got.map((message) => message.text ?? '').join(''), 'Good evening');
  assert.ok(got.some((message) => message.serverContent?.generationComplete));
  session.close();
});

test('Live: speech in, speech out', async () => {
  const { session, got, until } = await live(speech, { inputAudioTranscription: {}, outputAudioTranscription: {} });
  const pcm = Buffer.alloc(16000 * 2 * 2);  // a second of sound, and one of silence
  for (let i = 0; i < 16000; ++i) pcm.writeInt16LE(Math.round(8000 * Math.sin(i / 10)), 2 * i);
  for (let at = 0; at < pcm.length; at += 3200)
    session.sendRealtimeInput({ audio: { data: pcm.subarray(at, at + 3200).toString('base64'), mimeType: 'audio/pcm;rate=16000' } });
  const done = await until(over);
  assert.equal(got.find((message) => message.serverContent?.inputTranscription).serverContent.inputTranscription.text, 'What time is it?');
  const spoken = got.map((message) => message.serverContent?.outputTranscription?.text ?? '').join('');
  assert.match(spoken, /What time is it\?/);
  const bytes = got.reduce((sum, message) => sum + Buffer.from(message.data ?? '', 'base64').length, 0);
  assert.ok(bytes > 48000);
  assert.ok(done.usageMetadata.responseTokenCount > 25);
  session.close();
});

// Functions of 3.8 are NON_BLOCKING unless they say otherwise.
const blocking = [{ functionDeclarations: weather[0].functionDeclarations.map((one) => ({ ...one, behavior: 'BLOCKING' })) }];
test('Live: tools, and a call that is cancelled', async () => {
  const { session, got, until } = await live('gemini-3.8-live', { tools: blocking, outputAudioTranscription: {} });
  session.sendRealtimeInput({ text: 'What is the weather in Oslo?' });
  const [call] = (await until((message) => message.toolCall)).toolCall.functionCalls;
  assert.equal(call.args.city, 'Oslo');
  session.sendToolResponse({ functionResponses: [{ id: call.id, name: call.name, response: { output: 'sunny' } }] });
  await until(over);
  assert.match(got.map((message) => message.serverContent?.outputTranscription?.text ?? '').join(''), /sunny/);
  got.length = 0;
  session.sendRealtimeInput({ text: 'And the weather in Rome?' });
  const second = (await until((message) => message.toolCall)).toolCall.functionCalls[0];
  session.sendClientContent({ turns: 'repeat: Never mind' });
  assert.deepEqual((await until((message) => message.toolCallCancellation)).toolCallCancellation.ids, [second.id]);
  assert.ok(got.some((message) => message.serverContent?.interrupted));
  session.close();
});

test('Live: a session goes on in another connection', async () => {
  const first = await live(speech, { sessionResumption: {} });
  first.session.sendClientContent({ turns: 'My name is Bob' });
  // While it answers there is nothing to resume; the handle comes behind the turn.
  const busy = (await first.until((message) => message.sessionResumptionUpdate)).sessionResumptionUpdate;
  assert.ok(!busy.resumable && !busy.newHandle);
  const { newHandle } = (await first.until((message) => message.sessionResumptionUpdate?.resumable)).sessionResumptionUpdate;
  assert.ok(newHandle);
  first.session.close();
  const second = await live(speech, { sessionResumption: { handle: newHandle }, outputAudioTranscription: {} });
  second.session.sendClientContent({ turns: 'Who am I?' });
  await second.until(over);
  assert.match(second.got.map((message) => message.serverContent?.outputTranscription?.text ?? '').join(''), /Bob/);
  second.session.close();
});

test('Live: a short-lived token', async () => {
  const tokens = client({ httpOptions: { apiVersion: 'v1alpha' } });
  const { name } = await tokens.authTokens.create({ config: { uses: 1, liveConnectConstraints: {
    model: either, config: { responseModalities: [Modality.TEXT] } } } });
  const guest = client({ apiKey: name, httpOptions: { apiVersion: 'v1alpha' } });
  const { session, got, until } = await live(speech, {}, guest);
  session.sendClientContent({ turns: 'repeat: locked' });
  await until(over);
  assert.equal(got.map((message) => message.text ?? '').join(''), 'locked', 'model and modality are the token\'s');
  session.close();
});

test('Live: the service says what is wrong when it closes', async () => {
  const refused = (model, config = {}, from = ai) => new Promise((resolve) => {
    from.live.connect({ model, config, callbacks: { onmessage: () => {}, onclose: (event) => resolve([event.code, event.reason]) } })
      .catch(() => {});  // tells the same in one text
  });
  assert.deepEqual(await refused(speech, {}, client({ apiKey: 'wrong' })), [1007, 'API key not valid. Please pass a valid API key.']);
  const [code, reason] = await refused(text);
  assert.equal(code, 1008);
  assert.match(reason, /is not found for API version v1beta, or is not supported for bidiGenerateContent/);
  assert.ok(Buffer.byteLength(reason) <= 123);
  assert.equal((await refused(speech, { responseModalities: [Modality.TEXT] }))[0], 1007);
  assert.deepEqual(await refused(speech, { sessionResumption: { handle: 'gone' } }), [1008, 'BidiGenerateContent session not found']);
  const faulty = client({ httpOptions: { headers: { 'x-parley-live-fault': 'after=1; close=1011' } } });
  const { session, end } = await live(speech, {}, faulty);
  session.sendClientContent({ turns: 'Hello' });
  assert.equal((await end())[0], 1011);
});
