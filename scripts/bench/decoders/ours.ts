/** This library: what `fetchRegions` does with the text of an answer. */
import * as E from "fp-ts/lib/Either.js";
import { decodeResponse, type Reply } from "../../../src/core.ts";

export function decode(text: string): Reply {
  return decodeResponse(JSON.parse(text), "a371d027-4b0d-4d86-8825-c8d818dd4ed9");
}

export function isValid(reply: Reply): boolean {
  return E.isRight(reply);
}
