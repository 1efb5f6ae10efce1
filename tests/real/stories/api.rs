//! Microsoft's and Google's own libraries at the practice tenant.

use practice_tenant::faults::Fault;
use practice_tenant::world::{CONFIDENTIAL_CLIENT, SHOP};
use serde_json::json;

use crate::libraries::Libraries;
use crate::support::wait_until;

const GRAPH: &str = "https://graph.microsoft.com";
const GMAIL: &str = "https://www.googleapis.com/auth/gmail";

#[test]
fn microsofts_own_libraries_read_send_and_rotate_over_graph() {
    let Some(libraries) = Libraries::start() else { return };
    let sandbox = libraries.fixture.sandbox();
    ["Application.ReadWrite.OwnedBy", "Policy.Read.All"].iter().for_each(|role| sandbox.consent(GRAPH, role));
    let scopes = ["Mail.Read", "Mail.Send", "User.Read"].map(|scope| format!("{GRAPH}/{scope}"));
    let tokens = libraries.entra_tokens(&scopes);
    let config = json!({ "user_token": tokens["user"], "app_token": tokens["app"], "client_id": CONFIDENTIAL_CLIENT });
    sandbox.switch_on(Fault::named("directory-secret-lifetime"));
    // Its first request is refused; it comes again after as many seconds as Retry-After says.
    let throttled = Fault::named("graph-mailbox-concurrency");
    sandbox.switch_on(throttled);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            wait_until("a refusal", || sandbox.counters().api_refusals > 0);
            sandbox.switch_off(throttled);
        });
        libraries.judge("graph.mjs", config);
    });
    let senders: Vec<String> = sandbox.sent().into_iter().map(|mail| mail.sender).collect();
    assert_eq!(senders, [SHOP, SHOP]);
    let counters = sandbox.counters();
    assert_eq!((counters.passwords_added, counters.passwords_removed), (1, 1));
    libraries.fixture.insist_on_manners();
}

#[test]
fn googles_own_library_reads_and_sends_over_gmails_api() {
    let Some(libraries) = Libraries::start() else { return };
    let tokens = libraries.plain_tokens(&["readonly", "send"].map(|scope| format!("{GMAIL}.{scope}")));
    libraries.judge("gmail.mjs", json!({ "token": tokens["user"] }));
    assert_eq!(libraries.fixture.sandbox().sent().len(), 1);
    libraries.fixture.insist_on_manners();
}
