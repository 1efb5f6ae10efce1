//! What the environment says beside the command line: flags' variables, and colours.

use anstream::ColorChoice;

use crate::environment;

/// The flags that a variable can set, by clap's name for them.
const VARIABLES: [(&str, &str); 2] = [("profile", "MAILGRANT_CONFIG"), ("store", "MAILGRANT_STORE")];

/// The verb that does what `--version` does.
pub(super) const VERSION: &str = "version";

/// `command` with the verb that other programs have for `--version`, without the variables that are set to nothing, which clap
/// would take for empty values, and with the colours that the environment asks for.
pub(super) fn applied(mut command: clap::Command) -> clap::Command {
    command = command
        .subcommand(clap::Command::new(VERSION).about("Show the version, as --version does; with -v how it was built"));
    for (flag, variable) in VARIABLES {
        if environment::raw(variable).is_none() {
            command = command.mut_arg(flag, |argument| argument.env(None));
        }
    }
    command.color(match colours(&environment::text) {
        Some(ColorChoice::Always) => clap::ColorChoice::Always,
        Some(ColorChoice::Never) => clap::ColorChoice::Never,
        _ => clap::ColorChoice::Auto,
    })
}

/// Whether the environment asks for colours in both output streams; `None` leaves it to each whether it is a terminal.
/// `NO_COLOR` (no-color.org), `FORCE_COLOR` (force-color.org) and `CLICOLOR_FORCE` (bixense.com/clicolors), in this order.
pub(super) fn colours(env: &dyn Fn(&str) -> Option<String>) -> Option<ColorChoice> {
    if env("NO_COLOR").is_some() {
        return Some(ColorChoice::Never);
    }
    let is_off = |value: &String| matches!(value.as_str(), "0" | "false");
    match env("FORCE_COLOR") {
        // As Node's programs have it.
        Some(value) if is_off(&value) => return Some(ColorChoice::Never),
        Some(_) => return Some(ColorChoice::Always),
        None => {}
    }
    match env("CLICOLOR_FORCE") {
        // anstream forces colours with any value; here the rest is as without it.
        Some(value) if value == "0" => (!is_terminal()).then_some(ColorChoice::Never),
        Some(_) => Some(ColorChoice::Always),
        None => None,
    }
}

fn is_terminal() -> bool {
    use std::io::IsTerminal as _;
    std::io::stdout().is_terminal() && std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_color_overrides_what_forces_colours() {
        use ColorChoice::{Always, Never};
        for (variables, choice) in [
            (&[("NO_COLOR", "1"), ("FORCE_COLOR", "1"), ("CLICOLOR_FORCE", "1")][..], Some(Never)),
            (&[("FORCE_COLOR", "1")], Some(Always)),
            (&[("FORCE_COLOR", "true")], Some(Always)),
            (&[("FORCE_COLOR", "0")], Some(Never)),
            (&[("FORCE_COLOR", "false"), ("CLICOLOR_FORCE", "1")], Some(Never)),
            (&[("CLICOLOR_FORCE", "1")], Some(Always)),
            (&[], None),
        ] {
            let env = |name: &str| variables.iter().find(|known| known.0 == name).map(|known| known.1.to_owned());
            assert_eq!(colours(&env), choice, "{variables:?}");
        }
    }
}
