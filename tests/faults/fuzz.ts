// Hostile input for the decoders of the service's answers, by the million: none may make them throw, and none may be
// decoded otherwise than by a decoder that was written apart, with another library.
//
//     deno task fuzz [--inputs=1000000] [--seed=1]
import { parseArgs } from "node:util";
import { fuzz } from "./fuzzing.ts";
import { fuzzRetryAfter, fuzzTokenEndpoint } from "./fuzzing_answers.ts";

const { values: args } = parseArgs({ options: { inputs: { type: "string" }, seed: { type: "string" } } });
const inputs = Number(args.inputs ?? 1_000_000);
const seed = Number(args.seed ?? Date.now() % 1_000_000);

const begun = Date.now();
const { responses, tokens, faults: decoded } = fuzz(inputs, seed);
const calls = Math.ceil(inputs / 100);
const faults = [...decoded, ...fuzzRetryAfter(inputs, seed), ...await fuzzTokenEndpoint(calls, seed)];
console.log(`seed ${seed}: ${inputs} inputs in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
console.log(`decodeResponse: ${responses.accepted} accepted, ${responses.refused} refused`);
console.log(`decodeAccessToken: ${tokens.accepted} accepted, ${tokens.refused} refused`);
console.log(`parseRetryAfter: ${inputs} headers; token endpoint: ${calls} calls`);
console.log(`${faults.length}${faults.length < 100 ? "" : " and more"} thrown or decoded otherwise`);
for (const fault of faults.slice(0, 10)) console.error(fault.slice(0, 1000));
Deno.exit(faults.length === 0 ? 0 : 1);
