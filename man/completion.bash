# Completion for eidetic.  What it offers it reads from --help, which is printed from the option tables:
# nothing here names a command or an option.

# The verbs of `eidetic help`: the first words of its indented lines.
_eidetic_verbs()
{
    "$1" help 2>/dev/null | sed -n 's/^  \([a-z][a-z-]*\) .*/\1/p'
}

# One line an option: its name, what it takes (PATH, N, ...), and for a WORD the words.
_eidetic_options()
{
    "$1" "$2" --help 2>/dev/null | awk '
        function flush() {
            if (name == "") return
            words = ""
            if (takes == "WORD" && match(text, /: [^ ]+\|[^ ]+/))
                words = substr(text, RSTART + 2, RLENGTH - 2)
            print name, takes, words
            if (match(text, /--no-[a-z-]+/)) print substr(text, RSTART, RLENGTH), ""
            name = ""
        }
        /^  --/ { flush(); name = $1; takes = $2 ~ /^(N|X|BYTES|TEXT|PATH|WORD)$/ ? $2 : ""; text = $0; next }
        /^ /    { text = text " " $0; next }
                { flush() }
        END     { flush() }'
}

_eidetic()
{
    local command=$1 word=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]}
    local verb=${COMP_WORDS[1]} options name takes words

    COMPREPLY=()
    if ((COMP_CWORD == 1)); then
        mapfile -t COMPREPLY < <(compgen -W "$(_eidetic_verbs "$command") help version" -- "$word")
        return
    fi
    options=$(_eidetic_options "$command" "$verb")
    while read -r name takes words; do
        [[ $name == "$previous" ]] || continue
        case $takes in
        WORD) mapfile -t COMPREPLY < <(compgen -W "${words//|/ }" -- "$word") ;;
        PATH) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$word") ;;
        esac
        [[ -n $takes ]] && return
    done <<<"$options"
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(cut -d' ' -f1 <<<"$options") --help" -- "$word")
    else
        compopt -o filenames 2>/dev/null
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}
complete -F _eidetic eidetic
