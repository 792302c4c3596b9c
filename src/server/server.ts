/**
 * The server's half of a program with clients that must not hold the credentials of the service, such as web pages.
 *
 * @module
 */
export { durableTasks, type DurableTasksOptions } from "./durable_tasks.ts";
export { type Access, type Authorize, createHandler, type Handler, type HandlerOptions } from "./handler.ts";
export { detectionInput, type ReadInput, recognitionInput } from "./inputs.ts";
export { type LocateOptions, locateTask } from "./locate_task.ts";
export { serviceTasks } from "./service_tasks.ts";
export type { NotYet, SubmittedTask, Tasks, Update } from "./tasks.ts";
export type { Upload } from "./upload.ts";
