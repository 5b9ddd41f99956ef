# Completion of sonde for bash. Made by sonde --generate bash; not to be edited.
_sonde() {
  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD - 1]}"
  case "$previous" in
    -e) COMPREPLY=(); return ;;
    -I) COMPREPLY=($(compgen -d -- "$current")); return ;;
    --include) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --probe-filter) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --traceable-functions) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --debuginfo) COMPREPLY=($(compgen -d -- "$current")); return ;;
    -c) COMPREPLY=(); return ;;
    -p) COMPREPLY=(); return ;;
    -o) COMPREPLY=($(compgen -f -- "$current")); return ;;
    -f) COMPREPLY=($(compgen -W 'text json folded svg' -- "$current")); return ;;
    -B) COMPREPLY=($(compgen -W 'none line full' -- "$current")); return ;;
    --metrics) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --emit) COMPREPLY=($(compgen -W 'ast program ir asm elf' -- "$current")); return ;;
    -d) COMPREPLY=($(compgen -W 'ast codegen codegen-opt dis verifier libbpf' -- "$current")); return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W '-e -I --include --probe-filter --traceable-functions --debuginfo --no-cache --unsafe -c --usdt-file-activation -p -o -f -B -q -v -k --include-self --metrics --no-escape --no-warnings -l --dry-run --test --bench --fmt --emit -d --info -V --version -h --help' -- "$current"))
  else
    COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -o filenames -F _sonde sonde
