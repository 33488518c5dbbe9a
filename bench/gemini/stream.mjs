// The same as stream.cpp with Google's SDK on Node.js.
import { GoogleGenAI } from '../../tests/node/node_modules/@google/genai/dist/node/index.mjs';

const ai = new GoogleGenAI({ apiKey: 'any', httpOptions: { baseUrl: process.env.GOOGLE_GEMINI_BASE_URL } });
let messages = 0, bytes = 0;
const begin = process.cpuUsage();
for (let i = 0; i < Number(process.argv[2] ?? 5); ++i) {
  const stream = await ai.models.generateContentStream({ model: 'gemini-2.5-flash', contents: 'write 20000 words about rivers' });
  for await (const part of stream) {
    ++messages;
    bytes += (part.text ?? '').length;
  }
}
const { user, system } = process.cpuUsage(begin);
const spent = (user + system) / 1e6;
console.log(messages, bytes, spent.toFixed(3), Math.round(messages / spent));
