import { deepStrictEqual as deepEqual, match, strictEqual as equal, throws } from "node:assert/strict";
import { completeExports, type Description, distTag, metadata, releaseFaults } from "../../scripts/npm/metadata.ts";

const FACTS: Description = {
  name: "@scope/name",
  version: "1.2.3",
  description: "What it is",
  keywords: ["one"],
  license: "MIT",
  author: "Its authors",
  repository: "https://git.example/scope/name",
};

Deno.test("metadata() derives homepage, repository and bugs from one address", () => {
  deepEqual(metadata(FACTS), {
    name: "@scope/name",
    version: "1.2.3",
    description: "What it is",
    keywords: ["one"],
    license: "MIT",
    author: "Its authors",
    homepage: "https://git.example/scope/name#readme",
    repository: { type: "git", url: "git+https://git.example/scope/name.git" },
    bugs: { url: "https://git.example/scope/name/issues" },
  });
});

Deno.test("metadata() refuses a deno.json that leaves out a field, except the repository", () => {
  for (const field of ["name", "version", "description", "keywords", "license", "author"] as const) {
    const { [field]: _, ...without } = FACTS;
    throws(() => metadata(without as Description), {
      name: "TypeError",
      message: `Cannot build the package as deno.json must hold ${field}`,
    });
  }
  const { repository: _, ...without } = FACTS;
  equal("bugs" in metadata(without), false);
});

Deno.test("metadata() accepts deno.json", async () => {
  equal(metadata(JSON.parse(await Deno.readTextFile("deno.json"))).author, "The @ocr-cloud/regions authors");
});

Deno.test("completeExports() adds the condition default, last, and the export ./package.json", () => {
  const types = { types: "./esm/core.d.ts", default: "./esm/core.js" };
  const completed = completeExports({
    ".": { import: "./esm/mod.js", require: "./script/mod.js" },
    "./core": { import: types, require: "./script/core.js" },
    "./data": "./data.json",
  });
  deepEqual(completed, {
    ".": { import: "./esm/mod.js", require: "./script/mod.js", default: "./esm/mod.js" },
    "./core": { import: types, require: "./script/core.js", default: types },
    "./data": "./data.json",
    "./package.json": "./package.json",
  });
  // Conditions are tried in order.
  equal(Object.keys(completed["."]).at(-1), "default");
});

Deno.test("releaseFaults() names a missing or wrong repository, a wrong tag, and a missing entry in the changelog", () => {
  const release = {
    tag: "v1.2.3",
    address: "https://git.example/scope/name",
    changelog: "# Changelog\n\n## [1.2.3] - 2026-12-01\n",
  };
  deepEqual(releaseFaults(FACTS, release), []);
  const { repository: _, ...without } = FACTS;
  deepEqual(releaseFaults(without, release), [
    'deno.json names no repository. Add "repository": "https://git.example/scope/name".',
  ]);
  match(releaseFaults(FACTS, { ...release, address: "https://git.example/fork/name" })[0], /, but this is .*fork/);
  match(releaseFaults(FACTS, { ...release, tag: "v1.2.4" })[0], /^The tag is v1\.2\.4, but /);
  match(
    releaseFaults(FACTS, { ...release, changelog: "\n## [1.2.30]\n" })[0],
    /^CHANGELOG\.md has no entry for 1\.2\.3/,
  );
});

Deno.test("distTag() is the name of the prerelease, so that it never becomes the latest version", () => {
  for (
    const [version, tag] of [
      ["1.2.3", "latest"],
      ["1.2.3+build-7", "latest"],
      ["1.2.3-beta.1", "beta"],
      ["1.2.3-rc1", "rc"],
      ["1.2.3-0", "next"],
    ]
  ) equal(distTag(version), tag);
});
