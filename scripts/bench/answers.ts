/** Answers of the service with so many regions, as text: right, and wrong in two ways. */
import { seeded } from "../lib/simulation.ts";

export type Fault = "none" | "last" | "all";

export const ID = "a371d027-4b0d-4d86-8825-c8d818dd4ed9";

/** The same text at each call. The service writes a space after each comma of the payload. */
export function answerText(count: number, fault: Fault = "none"): string {
  const random = seeded(count);
  const upTo = (max: number): number => Math.floor(max * random());
  const rows = Array.from({ length: count }, (_, i) => {
    const left = upTo(4000), top = upTo(6000);
    const right = left + 1 + upTo(900), bottom = top + 1 + upTo(90);
    const wrong = fault === "all" || fault === "last" && i === count - 1;
    return `[${left}, ${top}, ${right}, ${wrong ? `"${bottom}"` : bottom}]`;
  });
  return JSON.stringify({
    id: ID,
    responseStatusCode: "Ok",
    taskStatus: "Completed",
    results: [{ type: "Other", data: btoa(`[${rows.join(", ")}]`) }],
    error: null,
  });
}
