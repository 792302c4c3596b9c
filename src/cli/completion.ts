/**
 * Scripts that complete the arguments of the program in a shell. They contain all names, so that completing starts no
 * process and evaluates nothing that was typed.
 *
 * @module
 */
import type { Argument, Command, Option } from "commander";
import type { Shell } from "./command.ts";
import { createProgram, PROGRAM } from "./program.ts";

/** What the value of an option or argument can be. */
type Value =
  | { readonly _tag: "None" | "File" | "Folder" }
  | { readonly _tag: "Names" | "List"; readonly names: readonly string[] };

/** Writes the completion script of a shell. */
export function completionScript(shell: Shell): string {
  const program = createProgram();
  switch (shell) {
    case "bash":
      return bashScript(program);
    case "zsh":
      return zshScript(program);
    case "fish":
      return fishScript(program);
  }
}

/** What can follow an option; null if it has no value. The placeholder says so: FILE, DIR, or FORMATS for a list. */
export function valueOf({ flags, argChoices }: Option): Value | null {
  const placeholder = /<(\w+)>/.exec(flags)?.[1];
  if (placeholder === undefined) return null;
  if (placeholder === "FORMATS") return { _tag: "List", names: argChoices ?? [] };
  if (argChoices !== undefined) return { _tag: "Names", names: argChoices };
  return { _tag: placeholder === "FILE" ? "File" : placeholder === "DIR" ? "Folder" : "None" };
}

function argumentOf({ registeredArguments: [argument] }: Command): Value {
  if (argument === undefined) return { _tag: "None" };
  if (argument.argChoices !== undefined) return { _tag: "Names", names: argument.argChoices };
  return { _tag: isPath(argument) ? "File" : "None" };
}

function isPath(argument: Argument): boolean {
  return argument.name() === "PATH";
}

/** The options that help shows, also those of help itself. */
function optionsOf(command: Command): readonly Option[] {
  return [...command.createHelp().visibleOptions(command)];
}

function spellings({ short, long }: Option): readonly string[] {
  return [short, long].filter((flag) => flag !== undefined);
}

/** Returning nothing lets Bash complete the names of files, which it quotes better than a function can. */
function bashScript(program: Command): string {
  const commands = program.commands.map((command) => command.name());
  const values = program.commands.flatMap((command) =>
    optionsOf(command).flatMap((option) => {
      const value = valueOf(option);
      const pattern = spellings(option).map((flag) => `'${command.name()} ${flag}'`).join(" | ");
      return value === null ? [] : [`    ${pattern}) ${bashAction(value)} ;;`];
    })
  );
  const others = program.commands.map((command) => {
    const flags = optionsOf(command).flatMap(spellings).join(" ");
    return `    ${command.name()}) if [[ $current == -* ]]; then _ocr_regions_names "$current" ${flags}; else ${
      bashAction(argumentOf(command))
    }; fi ;;`;
  });
  return `# Bash completion of ${PROGRAM}. Works with Bash 3.2 and later; needs no other script.

# Completes the names that start with a word, in upper or lower case.
_ocr_regions_names() {
  local word=$1 name restore
  shift
  _ocr_regions_no_files
  restore=$(shopt -p nocasematch)
  shopt -s nocasematch
  for name in "$@"; do
    [[ $name == "$word"* ]] && COMPREPLY+=("$name")
  done
  $restore
}

# Completes the last name of a list with commas.
_ocr_regions_list() {
  local word=$1 done= i
  shift
  [[ $word == *,* ]] && done=\${word%,*},
  _ocr_regions_names "\${word##*,}" "$@"
  for i in "\${!COMPREPLY[@]}"; do COMPREPLY[i]=$done\${COMPREPLY[i]}; done
}

_ocr_regions_folders() {
  local folder
  compopt -o filenames 2> /dev/null
  while IFS= read -r folder; do COMPREPLY+=("$folder"); done < <(compgen -d -- "$1")
}

_ocr_regions_no_files() {
  compopt +o default +o bashdefault 2> /dev/null
}

_ocr_regions() {
  local current=\${COMP_WORDS[COMP_CWORD]} option=\${COMP_WORDS[COMP_CWORD-1]} command= word
  COMPREPLY=()
  # Bash makes a word of the = in --option=value.
  if [[ $current == = ]]; then
    current=
  elif [[ $option == = ]]; then
    option=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    [[ $word == -- ]] && return
    [[ -z $command && $word != -* ]] && command=$word
  done
  if [[ -z $command ]]; then
    _ocr_regions_names "$current" ${[...commands, ...optionsOf(program).flatMap(spellings)].join(" ")}
    return
  fi
  case "$command $option" in
${values.join("\n")}
    *) case $command in
${others.map((line) => `  ${line}`).join("\n")}
    esac ;;
  esac
}

complete -o bashdefault -o default -F _ocr_regions ${PROGRAM}
`;
}

function bashAction(value: Value): string {
  switch (value._tag) {
    case "None":
      return "_ocr_regions_no_files";
    case "File":
      return ":";
    case "Folder":
      return `_ocr_regions_folders "$current"`;
    case "Names":
      return `_ocr_regions_names "$current" ${value.names.join(" ")}`;
    case "List":
      return `_ocr_regions_list "$current" ${value.names.join(" ")}`;
  }
}

function zshScript(program: Command): string {
  const commands = program.commands.map((command) => `      ${zshQuote(`${command.name()}:${command.summary()}`)}`);
  const cases = program.commands.map((command) => {
    const [argument] = command.registeredArguments;
    const specs = optionsOf(command).map(zshOption);
    if (argument !== undefined) {
      specs.push(zshQuote(`${argument.variadic ? "*" : "1"}:${argument.name()}:${zshAction(argumentOf(command))}`));
    }
    return `        ${command.name()})\n          _arguments -s -S \\\n${
      specs.map((spec) => `            ${spec}`).join(" \\\n")
    }\n          ;;`;
  });
  return `#compdef ${PROGRAM}
# Zsh completion of ${PROGRAM}.

# Completes names, in upper or lower case.
_ocr-regions-names() {
  compadd -M 'm:{[:lower:][:upper:]}={[:upper:][:lower:]}' "$@"
}

_ocr-regions() {
  local curcontext=$curcontext state line
  typeset -A opt_args
  _arguments -C -S \\
${optionsOf(program).map((option) => `    ${zshOption(option)} \\`).join("\n")}
    '1:command:->command' \\
    '*::argument:->argument'
  case $state in
    command)
      local -a commands
      commands=(
${commands.join("\n")}
      )
      _describe command commands
      ;;
    argument)
      case $words[1] in
${cases.join("\n")}
      esac
      ;;
  esac
}

if [[ $funcstack[1] == _ocr-regions ]]; then
  _ocr-regions "$@"
else
  compdef _ocr-regions ${PROGRAM}
fi
`;
}

function zshOption(option: Option): string {
  const value = valueOf(option);
  const flags = spellings(option);
  const description = `[${option.description.replace(/[[\]\\:]/g, "\\$&")}]`;
  const argument = value === null ? "" : `:${/<(\w+)>/.exec(option.flags)?.[1]}:${zshAction(value)}`;
  const names = flags.map((flag) => value !== null && flag.startsWith("--") ? `${flag}=` : flag);
  // Each option once. Those of help and version end the program.
  const excluded = /^--(?:help|version)$/.test(option.long ?? "") ? "(- *)" : `(${flags.join(" ")})`;
  return names.length === 1
    ? zshQuote(`${excluded}${names[0]}${description}${argument}`)
    : `${zshQuote(excluded)}{${names.join(",")}}${zshQuote(`${description}${argument}`)}`;
}

function zshAction(value: Value): string {
  switch (value._tag) {
    case "None":
      return " ";
    case "File":
      return "_files";
    case "Folder":
      return "_files -/";
    case "Names":
      return `_ocr-regions-names - ${value.names.join(" ")}`;
    case "List":
      return `_sequence _ocr-regions-names - ${value.names.join(" ")}`;
  }
}

function zshQuote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishScript(program: Command): string {
  const start = `complete -c ${PROGRAM}`;
  const lines = [`${start} -f`];
  const add = (condition: string, option: Option): void => {
    const value = valueOf(option);
    const flags = spellings(option).map((flag) =>
      flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`
    );
    const action = value === null ? "" : ` ${fishAction(value)}`;
    lines.push(`${start} -n ${condition} ${flags.join(" ")} -d ${fishQuote(option.description)}${action}`);
  };
  for (const option of optionsOf(program)) add("__fish_use_subcommand", option);
  for (const command of program.commands) {
    const condition = fishQuote(`__fish_seen_subcommand_from ${command.name()}`);
    const argument = argumentOf(command);
    lines.push(
      `${start} -n __fish_use_subcommand -a ${command.name()} -d ${fishQuote(command.summary())}`,
      ...argument._tag === "None" ? [] : [`${start} -n ${condition} ${fishAction(argument)}`],
    );
    for (const option of optionsOf(command)) add(condition, option);
  }
  return `# Fish completion of ${PROGRAM}.\n${lines.map((line) => `${line}\n`).join("")}`;
}

function fishAction(value: Value): string {
  switch (value._tag) {
    case "None":
      return "-x";
    case "File":
      return "-r -F";
    case "Folder":
      return `-x -a '(__fish_complete_directories)'`;
    case "Names":
      return `-x -a ${fishQuote(value.names.join(" "))}`;
    case "List":
      return `-x -a ${fishQuote(`(__fish_append , ${value.names.join(" ")})`)}`;
  }
}

function fishQuote(text: string): string {
  return `'${text.replace(/['\\]/g, "\\$&")}'`;
}
