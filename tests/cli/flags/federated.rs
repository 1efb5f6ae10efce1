//! `add`: where an app's federated tokens come from.

use super::adding::says;
use super::{Row, does};
use crate::support::fixture::Fixture;

/// The flags of an app whose tokens come from `source`, with one more.
fn gives(shop: &Fixture, source: &str, flag: &str, value: &str, key: &str) {
    let name = format!("by{}", flag.trim_start_matches('-').replace('-', ""));
    let line = format!("federated = {{ source = \"{source}\"");
    let flags = [("--credential", Some("federated")), ("--federated-source", Some(source)), (flag, Some(value))];
    says(shop, &name, &flags, &["credential = \"federated\"", &line, key]);
}

pub(super) const ROWS: &[Row] = &[
    does("add", "--federated-source", |shop| {
        for source in ["github", "azure-pipelines", "file", "managed-identity"] {
            let name = format!("byfed{}", source.replace('-', ""));
            let line = format!("federated = {{ source = \"{source}\" }}");
            says(
                shop,
                &name,
                &[("--credential", Some("federated")), ("--federated-source", Some(source))],
                &["credential = \"federated\"", &line],
            );
        }
        let change = [("--credential", Some("federated")), ("--federated-source", Some("gitlab"))];
        let refused = shop.add("byfedgitlab", &change).finish().code(2);
        assert!(refused.stdout.contains("--federated-variable"), "{}", refused.stdout);
        let open = shop
            .add(
                "byopen",
                &[("--credential", Some("federated")), ("--client-id", Some("5a4d0000-0000-4000-8000-999999999999"))],
            )
            .finish()
            .code(2);
        assert!(open.stdout.contains("--federated-source"), "{}", open.stdout);
    }),
    does("add", "--federated-audience", |shop| {
        gives(shop, "github", "--federated-audience", "https://mail.example", "audience = \"https://mail.example\"");
    }),
    does("add", "--federated-variable", |shop| {
        gives(shop, "gitlab", "--federated-variable", "MAIL_ID_TOKEN", "variable = \"MAIL_ID_TOKEN\"");
        let change = [
            ("--credential", Some("federated")),
            ("--federated-source", Some("github")),
            ("--federated-variable", Some("MAIL_ID_TOKEN")),
        ];
        let refused = shop.add("byforeign", &change).finish().code(2);
        assert!(refused.stdout.contains("--federated-variable"), "{}", refused.stdout);
    }),
    does("add", "--federated-file", |shop| {
        gives(shop, "file", "--federated-file", "/run/mail/token", "file = \"/run/mail/token\"");
    }),
    does("add", "--federated-command", |shop| {
        gives(shop, "command", "--federated-command", "get-token", "command = [\"get-token\"]");
    }),
    does("add", "--federated-identity", |shop| {
        let id = "99999999-2222-3333-4444-555555555555";
        gives(shop, "managed-identity", "--federated-identity", id, &format!("identity = \"{id}\""));
    }),
    does("add", "--federated-service-connection", |shop| {
        gives(shop, "azure-pipelines", "--federated-service-connection", "4711", "service_connection = \"4711\"");
    }),
];
