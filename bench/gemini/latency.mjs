// The same as latency.cpp with Google's SDK on Node.js.
import { GoogleGenAI } from '../../tests/node/node_modules/@google/genai/dist/node/index.mjs';

const ai = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL } });
const delays = [];
const stream = await ai.models.generateContentStream({ model: 'bench', contents: 'go' });
for await (const part of stream) {
  const now = process.hrtime.bigint();
  if (part.text) delays.push(Number(now - BigInt(part.text)) / 1000);
}
delays.sort((a, b) => a - b);
console.log(delays.length, delays[delays.length >> 1].toFixed(1), delays[Math.floor(delays.length * 0.99)].toFixed(1));
