# bash completion for mailgrant, as printed by: mailgrant completions bash

_mailgrant() {
    local line=${COMP_LINE:0:COMP_POINT} word rest reply help i
    local -a words=()
    # bash splits words at = : and @, too; what stood together is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        rest=${line#"${line%%[![:space:]]*}"}
        word=${COMP_WORDS[i]}
        if [[ $rest != "$word"* ]]; then
            word=$rest
        fi
        if ((i == 0)) || [[ $rest != "$line" ]]; then
            words+=("$word")
        else
            words[${#words[@]}-1]+=$word
        fi
        line=${rest#"$word"}
    done
    local index=$((${#words[@]} - 1)) current quote=''
    for i in "${!words[@]}"; do
        if [[ ${words[i]} == [\'\"]* ]]; then
            ((i == index)) && quote=${words[i]:0:1}
            words[i]=${words[i]//[\'\"]/}
        else
            words[i]=${words[i]//\\/}
        fi
    done
    # What is before the last of them stays as it is typed.
    current=${words[index]}
    local stays=''
    if [[ $current == *[=:@]* && -z $quote ]]; then
        rest=${current##*[=:@]}
        i=${current:${#current}-${#rest}-1:1}
        if [[ $COMP_WORDBREAKS == *"$i"* ]]; then
            stays=${current%"$rest"}
        fi
    fi
    COMPREPLY=()
    # Not by <(): a system without /dev/fd has none.
    while IFS=$'\t' read -r reply help; do
        [[ -n $reply ]] || continue
        reply=${reply#"$stays"}
        if [[ -z $quote ]]; then
            printf -v reply '%q' "$reply"
        fi
        COMPREPLY+=("$reply")
    done <<<"$(command mailgrant completions --index "$index" -- "${words[@]}" 2>/dev/null)"
    if ((${#COMPREPLY[@]} == 1)) && [[ ${COMPREPLY[0]} == *[/=] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}

complete -F _mailgrant mailgrant
