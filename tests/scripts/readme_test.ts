import { ok, strictEqual as equal } from "node:assert/strict";
import { withAbsoluteLinks } from "../../scripts/npm/readme.ts";

const FACTS = { repository: "https://git.example/scope/name", version: "1.2.3" };
const BLOB = "https://git.example/scope/name/blob/v1.2.3";
const RAW = "https://git.example/scope/name/raw/v1.2.3";

Deno.test("withAbsoluteLinks() makes links and images lead to the version in the repository", () => {
  for (
    const [text, expected] of [
      ["See [a guide](docs/a.md#part).", `See [a guide](${BLOB}/docs/a.md#part).`],
      ["[`a`](./docs/a.md) and [b](b.md)", `[\`a\`](${BLOB}/docs/a.md) and [b](${BLOB}/b.md)`],
      ['[a](a.md "title")', `[a](${BLOB}/a.md "title")`],
      ["![page](examples/page.svg)", `![page](${RAW}/examples/page.svg)`],
      ["[![page](p.svg)](p.md)", `[![page](${RAW}/p.svg)](${BLOB}/p.md)`],
      ['<img width="4"\n  src="p.svg">', `<img width="4"\n  src="${RAW}/p.svg">`],
      ['<a href="docs/a.md">', `<a href="${BLOB}/docs/a.md">`],
      ["x\n[a]: docs/a.md\n", `x\n[a]: ${BLOB}/docs/a.md\n`],
    ]
  ) equal(withAbsoluteLinks(text, FACTS), expected);
});

Deno.test("withAbsoluteLinks() changes neither absolute links, nor anchors, nor code", () => {
  for (
    const text of [
      "[a](https://a.example/b) [b](#part) [c](mailto:a@a.example)",
      "`[a](b.md)`",
      "```ts\nconst [a] = b[0](c.md);\n```",
    ]
  ) equal(withAbsoluteLinks(text, FACTS), text);
  equal(withAbsoluteLinks("[a](b.md)", { version: "1.2.3" }), "[a](b.md)");
});

Deno.test("withAbsoluteLinks() leaves no relative link in the README", async () => {
  const text = withAbsoluteLinks(await Deno.readTextFile("README.md"), FACTS);
  const prose = text.replaceAll(/^```[^]*?^```$|`[^`\n]+`/gm, "");
  const links = [...prose.matchAll(/\]\(([^)]+)\)|\b(?:href|src)="([^"]+)"/g)].map(([, a, b]) => a ?? b);
  ok(links.length > 20);
  ok(links.every((link) => /^(?:https:\/\/|#)/.test(link)), links.join(" "));
});
