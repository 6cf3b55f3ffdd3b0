// node peers.mjs <text file> [bytes]: splits the start of a text with each peer and prints one line each, in MB a second of processor time.
import { readFileSync } from "node:fs";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";
import { SentenceSplitter } from "@llamaindex/core/node-parser";
import { get_encoding } from "tiktoken";

const [file, limit] = process.argv.slice(2);
const text = readFileSync(file).subarray(0, limit ? Number(limit) : undefined).toString("utf8").replace(/\uFFFD$/u, "");
const bytes = Buffer.byteLength(text);
const tiktoken = get_encoding("cl100k_base");

async function rate(what, run) {
  await run();
  const start = process.cpuUsage();
  const result = await run();
  const used = process.cpuUsage(start);
  const seconds = (used.user + used.system) / 1e6;
  console.log(`  ${what.padEnd(58)} ${(bytes / 1e6 / seconds).toFixed(2).padStart(8)} MB/s   gives ${result}`);
}

await rate("count, tiktoken 1.0.22 (WASM)", () => tiktoken.encode(text, "all").length);

const langchain = new RecursiveCharacterTextSplitter({
  chunkSize: 1000,
  chunkOverlap: 200,
  lengthFunction: (part) => tiktoken.encode(part, "all").length,
});
await rate("@langchain/textsplitters Recursive 1000/200, tiktoken length", async () => (await langchain.splitText(text)).length);

const llamaindex = new SentenceSplitter({ chunkSize: 1000, chunkOverlap: 200 });
await rate("@llamaindex/core SentenceSplitter 1000/200", () => llamaindex.splitText(text).length);
