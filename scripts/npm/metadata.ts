// What package.json says about the package, from the root's deno.json: everything that a registry shows or checks.

/** The fields of deno.json that describe the package. */
export interface Description {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly keywords: readonly string[];
  readonly license: string;
  readonly author: string;
  /** The address of the sources, without a slash or `.git` at its end. Required for a release: see `releaseFaults`. */
  readonly repository?: string;
}

/** The fields of package.json that are the same for every packer. Throws a `TypeError` if deno.json misses one. */
export function metadata(
  facts: Description,
): Readonly<Record<string, unknown>> & Pick<Description, "name" | "version"> {
  const { name, version, description, keywords, license, author, repository } = facts;
  for (const [key, value] of Object.entries({ name, version, description, keywords, license, author })) {
    if (value === undefined) throw new TypeError(`Cannot build the package as deno.json must hold ${key}`);
  }
  return {
    name,
    version,
    description,
    keywords: [...keywords],
    license,
    author,
    ...repository === undefined ? {} : {
      homepage: `${repository}#readme`,
      repository: { type: "git", url: `git+${repository}.git` },
      bugs: { url: `${repository}/issues` },
    },
  };
}

/** What an export leads to: a file, or a file for each condition. */
export type Target = string | { readonly [condition: string]: Target };

/** The field `exports` of a package.json. */
export type Exports = Readonly<Record<string, Target>>;

/**
 * The exports that dnt wrote, with `default` for tools that set neither `import` nor `require`, and `./package.json` for
 * those that read the version.
 */
export function completeExports(exports: Exports): Exports {
  const withDefault = (target: Target): Target =>
    typeof target === "string" || target.import === undefined ? target : { ...target, default: target.import };
  return {
    ...Object.fromEntries(Object.entries(exports).map(([name, target]) => [name, withDefault(target)])),
    "./package.json": "./package.json",
  };
}

/** What a release must be held up for, in sentences; empty if there is nothing. */
export function releaseFaults(
  { version, repository }: Partial<Description>,
  { tag, address, changelog }: {
    /** The tag that is released, such as `v1.2.3`. */
    readonly tag: string;
    /** The address of the repository that releases. npm refuses the provenance of a package that names another one. */
    readonly address: string;
    readonly changelog: string;
  },
): readonly string[] {
  const faults: string[] = [];
  if (repository === undefined) {
    faults.push(`deno.json names no repository. Add "repository": "${address}".`);
  } else if (repository !== address) {
    faults.push(`deno.json names the repository ${repository}, but this is ${address}.`);
  }
  if (tag !== `v${version}`) faults.push(`The tag is ${tag}, but deno.json has the version ${version}.`);
  if (!changelog.includes(`\n## [${version}]`)) faults.push(`CHANGELOG.md has no entry for ${version}.`);
  return faults;
}

/** The tag under which npm publishes a version: `latest`, or the name of a prerelease such as `beta`. */
export function distTag(version: string): string {
  const [, prerelease] = /^[^-+]+-([^+]+)/.exec(version) ?? [];
  return prerelease === undefined ? "latest" : /^[a-z]+/i.exec(prerelease)?.[0] ?? "next";
}
