//! What documents and templates write where a value of one's own belongs.
//!
//! Two lists, because a wrong refusal has no way round: a text that can only be a placeholder is refused, one that may
//! be a real name (`your-domain.com` has an owner) is accepted, and `add` warns. Whole texts and whole labels are
//! compared, never parts of them: `your-server.de` and `info@your-clinic.co.uk` are real.

/// Whole texts that are the value of nothing. A dash and a blank count as an underscore.
const CERTAIN: &[&str] = &[
    "your_tenant_id",
    "your_tenant",
    "your_directory_id",
    "your_client_id",
    "your_app_id",
    "your_application_id",
    "your_client_secret",
    "your_secret",
    "your_secret_value",
    "your_email",
    "your_email_address",
    "your_scope",
    "00000000_0000_0000_0000_000000000000",
];

/// Labels of a domain, names before the @, and words that examples use and that may be meant all the same.
const LIKELY: &[&str] = &[
    "your_domain",
    "yourdomain",
    "your_tenant",
    "yourtenant",
    "your_company",
    "yourcompany",
    "your_organization",
    "yourorganization",
    "your_name",
    "yourname",
    "your_email",
    "youremail",
    "your_host",
    "yourhost",
    "my_tenant",
    "mytenant",
    "changeme",
    "tenant_name",
    "tenant_id",
    "client_id",
    "app_id",
    "client_secret",
    "secret_value",
    "insert_here",
    "replace_me",
    "change_me",
    "changeit",
    "todo",
];

/// Whether `text` can only be a placeholder: in angle or double brackets, dots or an ellipsis, nothing but `x` or `*`, or
/// one of the known words.
#[must_use]
pub fn is_certain(text: &str) -> bool {
    let text = text.trim();
    let bracketed = [("<", ">"), ("{{", "}}"), ("${", "}"), ("[", "]")]
        .iter()
        .any(|(open, close)| text.strip_prefix(open).is_some_and(|rest| rest.ends_with(close)) && !is_address(text));
    let of_one_kind = |kind: char, least: usize| {
        text.chars().filter(|c| *c == kind).count() >= least
            && text.chars().all(|c| c == kind || matches!(c, '-' | ' '))
    };
    let crossed_out = of_one_kind('x', 4) || of_one_kind('X', 4) || of_one_kind('*', 3) || of_one_kind('.', 3);
    bracketed || crossed_out || text.contains('…') || CERTAIN.contains(&folded(text).as_str())
}

/// A label of `text` that documents use as an example; `text` may still be real.
#[must_use]
pub fn likely(text: &str) -> Option<&str> {
    let labels = text.split(['@', '.']);
    labels.into_iter().find(|label| LIKELY.contains(&folded(label).as_str()) || label.len() > 3 && is_certain(label))
}

/// `[::1]`: the brackets of an IPv6 address do not mark a placeholder.
fn is_address(text: &str) -> bool {
    text.contains(':')
}

fn folded(text: &str) -> String {
    text.to_ascii_lowercase().replace(['-', ' '], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_placeholder_is_certain() {
        for text in [
            "YOUR_CLIENT_ID",
            "your-tenant-id",
            "<client id>",
            "{{tenant}}",
            "${SECRET}",
            "[tenant]",
            "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
            "xxxx",
            "********",
            "...",
            "abc…",
            "00000000-0000-0000-0000-000000000000",
        ] {
            assert!(is_certain(text), "{text}");
        }
        for text in [
            "info@your-clinic.co.uk",
            "mail.your-server.de",
            "your-travel.com",
            "your-domain.com",
            "aXxxxxb8Q~xxxx.4711",
            "xxx",
            "x",
            "[::1]",
            "changeme",
            "a<b>c",
            "11111111-2222-3333-4444-555555555555",
        ] {
            assert!(!is_certain(text), "{text}");
        }
    }

    #[test]
    fn whole_labels_make_an_example_likely() {
        for text in ["shop@your-domain.com", "yourtenant.onmicrosoft.com", "your-name@example.org"] {
            assert!(likely(text).is_some(), "{text}");
        }
        for text in ["info@your-clinic.co.uk", "mail.your-server.de", "your-travel.com", "shop@contoso.com", "xxx.de"] {
            assert_eq!(likely(text), None, "{text}");
        }
    }
}
