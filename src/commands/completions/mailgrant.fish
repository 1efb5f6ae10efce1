# fish completion for mailgrant, as printed by: mailgrant completions fish

function __mailgrant_complete
    set -l words (commandline --current-process --tokenize --cut-at-cursor)
    set -l raw (commandline --current-token --cut-at-cursor)
    # A quote that is not closed yet is not unescaped.
    set -l current (string unescape -- $raw); or set current (string trim --left --chars '\'"' -- $raw)
    command mailgrant completions --index (count $words) -- $words "$current" 2>/dev/null
end

complete --command mailgrant --no-files --keep-order --arguments '(__mailgrant_complete)'
