/**
 * One contender and one size of answer, in a process of its own. Its arguments: what to measure, the contender, how many
 * regions, what is wrong with them, and for how many milliseconds. What it finds is one number.
 */
import process from "node:process";
import { answerText, type Fault } from "./answers.ts";
import { median } from "../lib/median.ts";

interface Decoder {
  readonly decode: (text: string) => unknown;
  readonly isValid: (reply: unknown) => boolean;
}

/** Milliseconds of a sample: long enough for the clock. */
const SAMPLE = 4;
const MIN_SAMPLES = 4;

const collectGarbage: unknown = Reflect.get(globalThis, "gc");
const [what, name, size, wrong, time] = process.argv.slice(2);
const count = Number(size), fault: Fault = wrong === "last" || wrong === "all" ? wrong : "none";
const measure = { ratio, first, memory }[what];
console.log(await measure?.());

/** The median of contender to limit, warm, sample by sample in turns. The limit always reads a right answer. */
async function ratio(): Promise<number> {
  const contender = await load(name), limit = await load("limit");
  const text = answerText(count, fault), right = answerText(count);
  if (contender.isValid(contender.decode(text)) !== (fault === "none")) throw new Error(`${name} misreads ${fault}`);
  let rounds = 1;
  while (timeOf(limit, right, rounds) < SAMPLE) rounds *= 2;
  const own: number[] = [], other: number[] = [];
  const begin = performance.now(), warm = begin + Number(time) / 2, end = begin + Number(time);
  for (let turn = 0; performance.now() < end || own.length < MIN_SAMPLES; turn++) {
    // In turns, since the second of two has to clean up after the first.
    const before = turn % 2 === 0 ? timeOf(limit, right, rounds) : NaN;
    const at = timeOf(contender, text, rounds);
    const after = turn % 2 === 1 ? timeOf(limit, right, rounds) : before;
    if (performance.now() < warm) continue;
    own.push(at);
    other.push(after);
  }
  return median(own) / median(other);
}

/** Milliseconds of the first call of this process. */
async function first(): Promise<number> {
  const decoder = await load(name);
  return timeOf(decoder, answerText(count, fault), 1);
}

/** Bytes allocated by one call, warm: the process was started with so much room that nothing is collected meanwhile. */
async function memory(): Promise<number> {
  const { decode } = await load(name);
  const text = answerText(count, fault);
  for (let i = 0; i < 3; i++) decode(text);
  cleanUp();
  const before = process.memoryUsage().heapUsed;
  const reply = decode(text);
  const after = process.memoryUsage().heapUsed;
  return reply === undefined ? 0 : after - before;
}

async function load(name: string): Promise<Decoder> {
  return await import(new URL(`decoders/${name}${import.meta.url.slice(-3)}`, import.meta.url).href);
}

/**
 * Milliseconds of computing for so many calls, which begin with a clean heap where they are few. Computing, since a
 * machine that is busy otherwise lets a process wait.
 */
function timeOf({ decode }: Decoder, text: string, rounds: number): number {
  if (rounds <= 2) cleanUp();
  const begin = process.cpuUsage();
  // The comparison keeps the compiler from leaving the call out.
  for (let i = 0; i < rounds; i++) if (decode(text) === undefined) throw new Error("No decoder gives nothing");
  const { user, system } = process.cpuUsage(begin);
  return (user + system) / 1000;
}

function cleanUp(): void {
  if (typeof collectGarbage === "function") collectGarbage();
}
