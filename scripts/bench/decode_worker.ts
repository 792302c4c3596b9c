/** A Worker that decodes one answer as often as it is told: `/<contender>?count=…&fault=…&rounds=…`. */
import { answerText, type Fault } from "./answers.ts";
import * as effect from "./decoders/effect.ts";
import * as io_ts from "./decoders/io_ts.ts";
import * as limit from "./decoders/limit.ts";
import * as ours from "./decoders/ours.ts";
import * as valibot from "./decoders/valibot.ts";
import * as zod from "./decoders/zod.ts";

const DECODERS: Readonly<Record<string, (text: string) => unknown>> = {
  effect: effect.decode,
  io_ts: io_ts.decode,
  limit: limit.decode,
  ours: ours.decode,
  valibot: valibot.decode,
  zod: zod.decode,
};

// Only a text: plain values may be shared between requests.
let made = { key: "", text: "" };

export default {
  fetch({ url }: Request): Response {
    const { pathname, searchParams } = new URL(url);
    const [count, rounds] = [Number(searchParams.get("count")), Number(searchParams.get("rounds"))];
    const wrong = searchParams.get("fault");
    const fault: Fault = wrong === "last" || wrong === "all" ? wrong : "none";
    const key = `${count} ${fault}`;
    if (made.key !== key) made = { key, text: answerText(count, fault) };
    const decode = DECODERS[pathname.slice(1)];
    for (let i = 0; i < rounds; i++) if (decode(made.text) === undefined) throw new Error("No decoder gives nothing");
    return new Response("");
  },
};
