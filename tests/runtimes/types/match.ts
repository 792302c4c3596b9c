// `match` takes one handler a status, and each handler knows its own.
import { describe, type FinalStatus, isFinal, match, type TaskStatus } from "@ocr-cloud/regions";

const status: TaskStatus = { _tag: "Pending", id: "1" };

export const sentence: (status: TaskStatus) => string = match({
  Pending: ({ id }) => id,
  Processing: ({ id }) => id,
  Completed: ({ regions, notices }) => `${regions.length} ${notices.join()}`,
  Error: ({ messages }) => messages.join(),
  NotExist: ({ id }) => id,
});

export const count: number = match({
  Pending: () => 0,
  Processing: () => 0,
  Completed: ({ regions: [first] }) => first?.polygon?.length ?? 0,
  Error: () => 0,
  NotExist: () => 0,
})(status);

// @ts-expect-error: NotExist is left out
match({ Pending: () => 0, Processing: () => 0, Completed: () => 0, Error: () => 0 });

match({
  Pending: () => 0,
  Processing: () => 0,
  Completed: () => 0,
  Error: () => 0,
  NotExist: () => 0,
  // @ts-expect-error: there is no status Paused
  Paused: () => 0,
});

match({
  // @ts-expect-error: a task that is queued has no regions
  Pending: ({ regions }) => regions.length,
  Processing: () => 0,
  Completed: () => 0,
  Error: () => 0,
  NotExist: () => 0,
});

const text: string = match({
  Pending: () => "",
  Processing: () => "",
  // @ts-expect-error: one handler cannot give what the others do not
  Completed: ({ regions }) => regions.length,
  Error: () => "",
  NotExist: () => "",
})(status);
export { text };

export function final(status: TaskStatus): FinalStatus | null {
  if (!isFinal(status)) {
    const left: "Pending" | "Processing" = status._tag;
    return left === "Pending" ? null : null;
  }
  return status;
}

export const words: string = describe(status) + describe({ _tag: "Right", right: status });
