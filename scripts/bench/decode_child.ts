/**
 * One contender against the limit, in a process of its own: in Deno as it is, in Node.js transpiled. Its arguments are
 * the mode, the contender and the cases; what it finds is one line of JSON.
 */
import process from "node:process";
import { answerText, type Fault } from "./answers.ts";
import { median } from "./numbers.ts";

interface Decoder {
  readonly decode: (text: string) => unknown;
  readonly isValid: (reply: unknown) => boolean;
}

/** How many regions, and what is wrong with them. */
export type Case = readonly [count: number, fault: Fault];

// A sample is long enough for the clock, and a case for the optimising compiler.
const SAMPLE = 4;
const WARM_UP = 400;
const MEASURE = 700;
const MIN_SAMPLES = 9;

const collect: unknown = Reflect.get(globalThis, "gc");
const [mode = "warm", name = "ours", json = "[]"] = process.argv.slice(2);
const cases: readonly Case[] = JSON.parse(json);
const found = [];
for (const [count, fault] of cases) {
  found.push(
    mode === "warm" ? await compare(count, fault) : mode === "cold" ? await first(count) : await allocated(count),
  );
}
console.log(JSON.stringify(found));

/** The median of contender to limit, warm, sample by sample in turns. */
async function compare(count: number, fault: Fault): Promise<number> {
  const contender = await load(name), limit = await load("limit");
  const text = answerText(count, fault), valid = answerText(count);
  if (contender.isValid(contender.decode(text)) !== (fault === "none")) throw new Error(`${name} is wrong on ${fault}`);
  let rounds = 1;
  while (time(() => limit.decode(valid), rounds) < SAMPLE) rounds *= 2;
  const ratios: number[] = [];
  const begin = performance.now();
  for (let turn = 0; performance.now() < begin + WARM_UP + MEASURE || ratios.length < MIN_SAMPLES; turn++) {
    const ours = (): number => time(() => contender.decode(text), rounds);
    const theirs = (): number => time(() => limit.decode(valid), rounds);
    const [a, b] = turn % 2 === 0 ? [ours(), theirs()] : [theirs(), ours()].reverse();
    if (performance.now() > begin + WARM_UP) ratios.push(a / b);
  }
  return median(ratios);
}

/** Milliseconds of the first call of this process. */
async function first(count: number): Promise<number> {
  const { decode } = await load(name);
  const text = answerText(count);
  return time(() => decode(text), 1);
}

/** Bytes allocated by one call, warm; the process was started with room enough to need no collection meanwhile. */
async function allocated(count: number): Promise<number> {
  const { decode } = await load(name);
  const text = answerText(count);
  for (let i = 0; i < 3; i++) decode(text);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  const reply = decode(text);
  const bytes = process.memoryUsage().heapUsed - before;
  return reply === undefined ? 0 : bytes;
}

async function load(name: string): Promise<Decoder> {
  return await import(new URL(`decoders/${name}${import.meta.url.slice(-3)}`, import.meta.url).href);
}

/** Milliseconds of so many calls, of which the first began with a clean heap where that can be had. */
function time(run: () => unknown, rounds: number): number {
  if (rounds <= 2) collectGarbage();
  const begin = performance.now();
  for (let i = 0; i < rounds; i++) if (run() === undefined) throw new Error("No decoder gives nothing");
  return performance.now() - begin;
}

function collectGarbage(): void {
  if (typeof collect === "function") collect();
}
