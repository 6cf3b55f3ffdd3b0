// What the verb `engine redis://…` measures, with BullMQ: node bench.mjs [port] [rounds]. The server's database 0 is emptied.
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';

const port = Number(process.argv[2] ?? 6379);
const rounds = Number(process.argv[3] ?? 3);
const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
const text = 'abcdefghijklmnopqrstuvwxyz'.repeat(116).slice(0, 3000);
const data = {
  tenant_id: 'bench', collection_id: 'manuals', document_id: 'd', source: 'text', text, title: 'A short text', tags: ['bench'],
  chunker: 'sentence', chunk_size: 1000, chunk_overlap: 200,
};
const options = { removeOnComplete: true, removeOnFail: true };
const server = new Redis(port);
const now = () => Number(process.hrtime.bigint()) / 1e6;

function percentiles(latencies) {
  latencies.sort((a, b) => a - b);
  const at = share => latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))].toFixed(2).padStart(6);
  return `p50 ${at(0.5)} ms  p99 ${at(0.99)} ms`;
}

// The processor time that the server has used, microseconds, for each of so many since an earlier look.
async function serverTime(earlier = 0, count = 1) {
  const about = await server.info('cpu');
  const used = [...about.matchAll(/^used_cpu_(?:sys|user):([\d.]+)/gm)].reduce((sum, [, seconds]) => sum + 1e6 * seconds, 0);
  return (used - earlier) / count;
}

async function report(name, count, started, before, rest = '') {
  const [rate, each] = [count / (now() - started) * 1000, await serverTime(before, count)];
  console.log(`  ${name.padEnd(24)} ${Math.round(rate).toString().padStart(8)} /s  ${each.toFixed(0).padStart(3)} us of the server each  ${rest}`);
}

async function enqueue(queue, name, count, inFlight, print) {
  let left = count;
  const latencies = [];
  const before = await serverTime();
  const started = now();
  await Promise.all(Array.from({ length: inFlight }, async () => {
    while (left-- > 0) {
      const from = now();
      await queue.add('document', data, options);
      latencies.push(now() - from);
    }
  }));
  if (print) await report(name, count, started, before, percentiles(latencies));
}

async function work(name, count, concurrency, print) {
  let done = 0;
  const before = await serverTime();
  const started = now();
  await new Promise(resolve => {
    const worker = new Worker('bench', async () => {}, { connection, concurrency });
    worker.on('completed', () => { if (++done === count) worker.close().then(resolve); });
  });
  if (print) await report(name, count, started, before);
}

async function pickup(queue, count, workers, print) {
  const latencies = [];
  let from, taken;
  const worker = new Worker('bench', async () => { latencies.push(now() - from); taken(); }, { connection, concurrency: workers });
  await worker.waitUntilReady();
  for (let i = 0; i < count; i++) {
    await new Promise(resolve => setTimeout(resolve, 5));
    const picked = new Promise(resolve => { taken = resolve; });
    from = now();
    await queue.add('document', data, options);
    await picked;
  }
  await worker.close();
  if (print) console.log(`  ${`pickup, ${workers} idle`.padEnd(24)}             ${percentiles(latencies)}`);
}

async function round(tasks, print) {
  await server.flushdb();
  const queue = new Queue('bench', { connection });
  await enqueue(queue, 'enqueue, one at a time', tasks / 10, 1, print);
  await enqueue(queue, 'enqueue, 64 in flight', tasks, 64, print);
  await work('lease + finish, c=2', tasks / 2, 2, print);
  await enqueue(queue, '', tasks / 2, 64, false);
  await work('lease + finish, c=10', tasks, 10, print);
  await queue.obliterate({ force: true });
  for (const workers of [1, 2, 10]) await pickup(queue, print ? 500 : 50, workers, print);
  await queue.close();
}

await round(10000, false);
for (let i = 1; i <= rounds; i++) {
  console.log(`round ${i}`);
  await round(10000, true);
}
server.disconnect();
