// Runs the decoders of the service's responses on millions of malicious inputs. They must not throw, and must return
// the same results as independent decoders that use another library.
//
//     deno task fuzz [--inputs=1000000] [--seed=1]
import { parseArgs } from "node:util";
import { fuzz } from "./fuzzing.ts";
import { fuzzRetryAfter, fuzzTokenEndpoint } from "./fuzzing_answers.ts";

const { values: args } = parseArgs({ options: { inputs: { type: "string" }, seed: { type: "string" } } });
const inputs = Number(args.inputs ?? 1_000_000);
const seed = Number(args.seed ?? Date.now() % 1_000_000);

const begun = Date.now();
const { responses, tokens, differences: decoded } = fuzz(inputs, seed);
const calls = Math.ceil(inputs / 100);
const differences = [...decoded, ...fuzzRetryAfter(inputs, seed), ...await fuzzTokenEndpoint(calls, seed)];
console.log(`seed ${seed}: ${inputs} inputs in ${((Date.now() - begun) / 1000).toFixed(0)} s`);
console.log(`decodeResponse: ${responses.accepted} accepted, ${responses.refused} refused`);
console.log(`decodeAccessToken: ${tokens.accepted} accepted, ${tokens.refused} refused`);
console.log(`parseRetryAfter: ${inputs} headers; token endpoint: ${calls} calls`);
console.log(`${differences.length}${differences.length < 100 ? "" : " or more"} exceptions and differences`);
for (const difference of differences.slice(0, 10)) console.error(difference.slice(0, 1000));
Deno.exit(differences.length === 0 ? 0 : 1);
