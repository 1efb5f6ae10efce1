//! What scripts for Node have in common.

use super::quote;
use super::target::Target;

/// Parts of a script.
pub(super) struct Settings {
    /// The modules of Node's own.
    pub(super) imports: String,
    /// The user, and the function that fetches a token.
    pub(super) token: String,
    /// The CAs, as a line of an object; nothing where the system's are enough.
    pub(super) tls: String,
}

/// The parts for `target`.
pub(super) fn settings(target: &Target<'_>) -> Settings {
    let words: Vec<String> = target.token().iter().map(|word| quote::literal(word)).collect();
    let (program, arguments) = words.split_at(1.min(words.len()));
    let token = format!(
        "const user = {};
const token = () => execFileSync({}, [{}], {{ encoding: \"utf8\" }}).trim();
",
        quote::literal(target.user()),
        program.concat(),
        arguments.join(", "),
    );
    let run = "import { execFileSync } from \"node:child_process\";\n";
    match target.ca() {
        None => Settings { imports: run.to_owned(), token, tls: String::new() },
        Some(ca) => Settings {
            imports: format!(
                "{run}import {{ readFileSync }} from \"node:fs\";\nimport {{ rootCertificates }} from \"node:tls\";\n"
            ),
            token,
            // `ca` replaces the usual ones.
            tls: format!("  tls: {{ ca: [...rootCertificates, readFileSync({})] }},\n", quote::literal(ca)),
        },
    }
}
