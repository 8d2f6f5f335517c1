#!/bin/bash
# Completion offers what the command's help says: completion.sh COMPLETION_FILE EIDETIC
. "$1"
eidetic=$(realpath "$2")
cases=0 failed=0

# The words that are offered for a line whose last word is being typed.
offered()
{
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
    _eidetic "$1"
    printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
}

check() # name, expected, got
{
    ((cases++))
    if [[ $2 == "$3" ]]; then
        echo "ok $cases - $1"
    else
        echo "not ok $cases - $1"
        echo "# got \"$3\", want \"$2\""
        ((failed++))
    fi
}

canned() # a command whose help is known
{
    if [[ $1 == help ]]; then
        printf 'eidetic 1\n\nUsage: eidetic VERB\n\n  audit        all of it\n  count-up     some\n\nExit codes\n'
    else
        printf 'Usage: eidetic audit\n\nReading:\n  --field TEXT              the field\n'
        printf '  --decoding WORD           how to go on: greedy|sample (default\n%28sgreedy)\n' ''
        printf '  --links                   follow (default yes;\n%28s--no-links)\n  --out PATH   file\n' ''
    fi
}

cd "$(mktemp -d)" && touch only-file
check 'verbs' 'audit count-up help version ' "$(offered canned '')"
check 'a verb begun' 'count-up ' "$(offered canned co)"
check 'options' '--decoding --field --help --links --no-links --out ' "$(offered canned audit --)"
check 'words of an option' 'greedy sample ' "$(offered canned audit --decoding '')"
check 'a word begun' 'sample ' "$(offered canned audit --decoding s)"
check 'files after a path option' 'only-file ' "$(offered canned audit --out '')"
check 'nothing for a text' ' ' "$(offered canned audit --field '')"
check 'files as operands' 'only-file ' "$(offered canned audit o)"
if "$eidetic" help >/dev/null 2>&1; then
    check 'the real verbs' 'tokenize ' "$(offered "$eidetic" toke)"
    check 'the real options' '--tokenizer ' "$(offered "$eidetic" tokenize --tok)"
fi
echo "1..$cases"
exit $((failed > 0))
