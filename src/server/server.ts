/**
 * The server's half of a program with clients that must not hold the credentials of the service, such as web pages.
 *
 * @module
 */
export { durableTasks, type DurableTasksOptions } from "./durable_tasks.ts";
export type { Access, Authorize, GateOptions, Handler } from "./gate.ts";
export { createHandler, type HandlerOptions } from "./handler.ts";
export { detectionInput, type ReadInput, recognitionInput } from "./inputs.ts";
export { createRouter, type RouterOptions, type Target } from "./router.ts";
export { serviceTasks } from "./service_tasks.ts";
export type { NotYet, SubmittedTask, Tasks, Update } from "./tasks.ts";
export type { Upload } from "./upload.ts";
