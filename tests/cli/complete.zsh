# Types lines into an interactive shell, each with a Tab at its end, and prints the words that the program then gets.
# Usage: zsh complete.zsh bash|zsh SCRIPT LINE...
zmodload zsh/zpty
shell=$1 script=$2
shift 2
if [[ $shell == bash ]]; then
  zpty shell "env -u HISTFILE TERM=dumb INPUTRC=/dev/null bash --noprofile --norc -i"
  zpty -w shell "source ${(q)script}"
else
  zpty shell "env -u HISTFILE TERM=dumb zsh -f -i"
  zpty -w shell "autoload -Uz compinit; compinit -D -u; source ${(q)script}; unsetopt ALWAYS_LAST_PROMPT"
fi
# The parentheses are put together by the shell, so that only its output has two of them.
zpty -w shell "ocr-regions() { printf '(%s' '(' ; printf '%s|' \"\$@\"; printf ')%s\\n' ')'; }"
for line in "$@"; do
  zpty -n -w shell "$line"$'\t'
  sleep 0.3
  zpty -n -w shell $'\n'
  zpty -r -m shell output '*\(\(*\)\)*' || exit 1
  output=${output##*\(\(}
  print -r -- "${output%%\)\)*}"
done
zpty -d shell
