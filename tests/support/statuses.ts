import type { PollState } from "../../src/model/poll_state.ts";
import type { TaskStatus } from "../../src/model/task_status.ts";
import { GUID } from "./arbitrary.ts";

/** A region, from the service's own example. */
export const REGION = { left: 0, top: 8, right: 697, bottom: 441 };

/** A status of each kind. */
export const STATUSES: { readonly [Tag in TaskStatus["_tag"]]: Extract<TaskStatus, { _tag: Tag }> } = {
  Pending: { _tag: "Pending", id: GUID },
  Processing: { _tag: "Processing", id: GUID },
  Completed: { _tag: "Completed", id: GUID, regions: [REGION], notices: [] },
  Error: { _tag: "Error", id: GUID, messages: ["No text."] },
  NotExist: { _tag: "NotExist", id: GUID, messages: [] },
};

/** The state of a task of which one status was received. */
export const STATE: PollState = {
  version: 2,
  kind: "DetectRegions",
  id: GUID,
  results: null,
  sizeClass: null,
  submittedAt: null,
  startedAt: 1000,
  dueAt: 3000,
  polls: 1,
  heard: 1,
  heardAt: 1000,
  failures: 0,
  malformed: 0,
  failure: null,
};
