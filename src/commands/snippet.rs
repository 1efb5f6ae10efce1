//! `snippet`: what another program needs in its configuration to use a mailbox.

use clap::Args as ClapArgs;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use crate::arguments::typed;
use crate::context::Context;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::flow::snippet::{self, OwnCommand, Program};
use crate::profile::Reference;
use crate::report::{Document, WarningCode};
use crate::text::Shown;

/// Print the configuration with which another program uses a mailbox
///
/// Server, port, TLS, user and mechanism come from the profile, and the token from `mailgrant token` whenever the program asks: no
/// secret is printed. Neither store nor network is touched.
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant snippet                           lists the programs\n  \
    mailgrant snippet msmtp shop >> ~/.msmtprc\n  \
    mailgrant snippet neomutt shop")]
pub struct Args {
    /// The program; without one, list them
    #[arg(value_parser = programs(), requires = "name", hide_possible_values = true)]
    program: Option<&'static Program>,
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Option<Reference>,
}

/// Reads the name of a program.
fn programs() -> impl TypedValueParser<Value = &'static Program> {
    let names = snippet::ALL.map(|program| PossibleValue::new(program.name).help(program.about));
    PossibleValuesParser::new(names).try_map(|name| snippet::named(&name).ok_or("there is no such program"))
}

/// Runs the command.
///
/// # Errors
/// If the profile cannot be used, or the program cannot use the mailbox.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let mut document = Document::new("snippet");
    document.text = Some(match (args.program, &args.name) {
        (Some(program), Some(name)) => {
            let profile = context.profile()?;
            let mailbox = lookup::mailbox(&profile, name)?;
            let variables = context.store_variables(&profile, mailbox);
            if !variables.is_empty() {
                let named = Shown::join(variables, " and ");
                document.warn(WarningCode::VariablesNeeded, shown!(
                    "set {} where {} runs, too: the command in the configuration finds what the mailbox needs there",
                    named,
                    program.name
                ));
            }
            snippet::write(program, mailbox, &OwnCommand::of(context)?)?
        }
        _ => snippet::list(),
    });
    Ok(document)
}
