/** The limit: the same steps, and the same objects, without a single check. */
import * as E from "fp-ts/lib/Either.js";
import type { Region, Reply } from "../../../src/core.ts";

interface Body {
  readonly id: string;
  readonly results: readonly { readonly data: string }[];
}

export function decode(text: string): Reply {
  const { id, results }: Body = JSON.parse(text);
  const rows: readonly (readonly number[])[] = JSON.parse(atob(results[0].data));
  const regions: Region[] = [];
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    regions.push({ left: row[0], top: row[1], right: row[2], bottom: row[3] });
  }
  return E.right({ _tag: "Completed", id, regions, notices: [] });
}

export function isValid(reply: Reply): boolean {
  return E.isRight(reply);
}
