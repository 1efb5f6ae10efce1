//! `open`: the provider's pages for a mailbox, in the browser.

use clap::Args as ClapArgs;
use url::Url;

use crate::arguments::typed;
use crate::context::Context;
use crate::diagnosis::FailureContext;
use crate::error::CommandError;
use crate::flow::lookup;
use crate::profile::{Page, Reference, pages};
use crate::report::{Document, Finding, FindingCode, Report};

/// Open a page of the provider's portal for a mailbox
#[derive(Debug, ClapArgs)]
#[command(after_help = "Examples:\n  \
    mailgrant open shop permissions            what the app may do\n  \
    mailgrant open shop sign-in-logs --print   only says the address")]
pub struct Args {
    /// The mailbox's name or address
    #[arg(value_parser = typed::<Reference>())]
    name: Reference,
    /// Which page
    page: Page,
    /// Only say its address
    #[arg(long)]
    print: bool,
}

/// Runs the command.
///
/// # Errors
/// If the profile cannot be used, or no address of that page is known.
pub fn run(args: &Args, context: &Context) -> Result<Document, CommandError> {
    let profile = context.profile()?;
    let mailbox = lookup::mailbox(&profile, &args.name)?;
    let app = profile.app_of(mailbox);
    let page = pages::of(args.page, app, Some(mailbox));
    let told = || Finding::of(FindingCode::NO_SUCH_PAGE).with("page", args.page).with("provider", app.provider.title);
    let told = || told().about(FailureContext::of_mailbox(app, mailbox));
    let Some(page) = page else { return Err(told().case("unknown").into()) };
    let url = page.url.as_ref().and_then(|shown| Some((shown, Url::parse(shown).ok()?)));
    let Some((shown, url)) = url else { return Err(told().with("path", page.title).into()) };
    let mut report = Report::of_mailbox(mailbox);
    report.fact("page", &page.title);
    report.fact("url", shown);
    if let Some(by) = page.by {
        report.fact("who_may_use_it", by.title());
    }
    let mut document = Document::new("open");
    if !args.print
        && context.opens_browser
        && let Err(reason) = (context.browser)(&url, &[])
    {
        (context.say)(&format!("No browser could be opened ({reason}): open the address yourself."));
    }
    document.reports.push(report);
    Ok(document)
}
