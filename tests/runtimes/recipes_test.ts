import { deepStrictEqual as deepEqual } from "node:assert/strict";
import { filesIn } from "./recipes.ts";

Deno.test("filesIn() returns the blocks of code that have a file name", () => {
  const text = [
    "# Title",
    "```ts ignore server/deno.ts",
    'import "./handler.ts";',
    "",
    "```",
    "```ts ignore",
    "without a name",
    "```",
    "```vue page/Vue.vue",
    "<template />",
    "```",
    "```console",
    "$ deno",
    "```",
  ].join("\n");
  deepEqual(
    [...filesIn(text)],
    [["server/deno.ts", 'import "./handler.ts";\n\n'], ["page/Vue.vue", "<template />\n"]],
  );
});
