//! What token endpoints answer has one meaning: the finding is the same where mailgrant hears it and where it is pasted.

use serde::Deserialize;
use zeroize::Zeroizing;

use super::read;
use crate::diagnosis::catalogue::Hint;
use crate::diagnosis::explain::explain;
use crate::diagnosis::reading::Origin;
use crate::diagnosis::{self, FailureContext};
use crate::net::HttpResponse;
use crate::oauth::testing;
use crate::profile::App;
use crate::transcript::Transcript;

#[derive(Deserialize)]
struct Table {
    answers: Vec<Group>,
}

/// The answers of one provider.
#[derive(Deserialize)]
struct Group {
    provider: String,
    /// Each with its status before it and its finding behind it.
    said: Vec<(u16, String, String)>,
}

fn app(provider: &str) -> App {
    let text =
        format!("[apps.own]\nprovider = \"{provider}\"\nclient_id = \"1234-office.apps.googleusercontent.com\"\n");
    match provider {
        "microsoft365" => testing::microsoft("contoso.com"),
        "oidc" => testing::oidc("https://id.contoso.com"),
        _ => crate::config::parse("config.toml".as_ref(), &text).unwrap().apps.into_values().next().unwrap(),
    }
}

#[test]
fn an_answer_means_the_same_where_it_is_heard_and_where_it_is_pasted() {
    let table: Table = toml::from_str(include_str!("answers.toml")).unwrap();
    let (mut count, mut wrong) = (0, Vec::new());
    for Group { provider, said } in &table.answers {
        let app = app(provider);
        for (status, body, code) in said {
            count += 1;
            let answer = HttpResponse {
                status: *status,
                content_type: Some("application/json".to_owned()),
                retry_after: None,
                date: None,
                location: None,
                challenge: None,
                request_id: None,
                body: Zeroizing::new(body.clone().into_bytes()),
            };
            let failure = read(&Transcript::default(), answer).map(drop).unwrap_err();
            // With a person at the sign-in: a pasted text says nothing of a refresh.
            let live = diagnosis::finding(&failure, FailureContext::of_app(&app).signing_in()).code.to_string();
            let hint = Hint { family: Some(app.provider.family), origin: Some(Origin::Token), ..Hint::default() };
            let pasted = explain(body, hint)[0].finding.code.to_string();
            if (&live, &pasted) != (code, code) {
                wrong.push(format!("{body}: heard {live}, pasted {pasted}, expected {code}"));
            }
        }
    }
    assert!(count >= 30, "only {count} answers");
    assert!(wrong.is_empty(), "{} of {count}: {wrong:#?}", wrong.len());
}
