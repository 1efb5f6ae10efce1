# PowerShell completion for mailgrant, as printed by: mailgrant completions powershell

Register-ArgumentCompleter -Native -CommandName mailgrant -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements |
        Where-Object { $_.Extent.EndOffset -lt $cursorPosition -or $_.Extent.Text -ne $wordToComplete } |
        Where-Object { $_.Extent.StartOffset -lt $cursorPosition } |
        ForEach-Object { $_.Extent.Text.Trim('"', "'") })
    # Windows PowerShell cannot hand over a word that is empty: the number says where it would be.
    $index = $words.Count
    if ($wordToComplete) { $words += $wordToComplete }
    mailgrant completions --index $index -- $words 2>$null | ForEach-Object {
        $value, $help = $_ -split "`t", 2
        $text = $value
        if ($value -match '[^\w./\\:=+-]') { $text = "'" + $value.Replace("'", "''") + "'" }
        if (-not $help) { $help = $value }
        [System.Management.Automation.CompletionResult]::new($text, $value, 'ParameterValue', $help)
    }
}
