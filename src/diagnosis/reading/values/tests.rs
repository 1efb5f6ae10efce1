use crate::diagnosis::reading::Reading;

fn read(text: &str) -> impl Fn(&str) -> String + use<'_> {
    let values = Reading::of(text).values();
    move |name: &str| values.get(name, Some(0)).map(|value| value.to_string()).unwrap_or_default()
}

const APP: &str = "11111111-2222-3333-4444-555555555555";
const DIRECTORY: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";
const NUMBER: &str = "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e";

#[test]
fn each_value_is_found_however_it_is_written() {
    let filled = |text: &str| text.replace("APP", APP).replace("DIRECTORY", DIRECTORY).replace("NUMBER", NUMBER);
    let wrong = |(text, name, value): &(&str, &str, &str)| {
        let found = read(&filled(text))(name);
        (found != *value).then(|| format!("{name} is {found:?} in {text}"))
    };
    let rows = [
        ("AADSTS700016: Application with identifier 'APP' was not found in the directory 'Contoso'.", "client_id", APP),
        ("Application with identifier 'j.smith' was not found", "client_id", "j.smith"),
        ("AADSTS7000222: The provided client secret keys for app 'APP' are expired.", "client_id", APP),
        ("has not consented to use the application with ID 'APP' named 'X'.", "client_id", APP),
        ("Invalid client secret provided for a secret added to app 'APP'.", "client_id", APP),
        ("AADSTS50105: Your administrator has configured the application X ('APP') to block users", "client_id", ""),
        ("GET /authorize?response_type=code&client_id=APP&scope=openid", "client_id", APP),
        (r#"{"client_id":"APP"}"#, "client_id", APP),
        (r#"{"e":"{\"client_id\":\"APP\"}"}"#, "client_id", APP),
        ("client_id = \"APP\"", "client_id", APP),
        ("ClientId: APP", "client_id", APP),
        ("client_id=1-a.apps.googleusercontent.com", "client_id", "1-a.apps.googleusercontent.com"),
        ("the client_id is missing", "client_id", ""),
        ("client_id=&x=1", "client_id", ""),
        ("for the resource application 'APP'", "client_id", ""),
        ("https://login.microsoftonline.com/DIRECTORY/oauth2/v2.0/token", "tenant", DIRECTORY),
        ("https://login.microsoftonline.com/common/oauth2/v2.0/token", "tenant", ""),
        ("was not found in the directory 'contoso.onmicrosoft.com'", "tenant", "contoso.onmicrosoft.com"),
        ("was not found in the directory 'Contoso'", "tenant", ""),
        ("does not exist in tenant ''", "tenant", ""),
        ("tenant_id: DIRECTORY", "tenant", DIRECTORY),
        ("User account 'shop@contoso.com' from identity provider", "user", "shop@contoso.com"),
        ("Error=\"AuthFailed:LogonDenied User:shop@contoso.com\"", "user", "shop@contoso.com"),
        ("Error login on [imap.example.org] with user [shop@contoso.com] auth [LOGIN]", "user", "shop@contoso.com"),
        ("imap-login: Aborted login: user=<shop@contoso.com>, method=PLAIN", "user", "shop@contoso.com"),
        ("2 LOGIN \"shop@contoso.com\" \"****\"", "user", "shop@contoso.com"),
        ("&login_hint=shop%40contoso.com&x=1", "user", "shop@contoso.com"),
        ("sasl_username=shop@contoso.com", "address", "shop@contoso.com"),
        ("postfix/smtp: from=<shop@contoso.com>, size=1", "address", "shop@contoso.com"),
        ("to=<other@example.org>, relay=mail.example.org[192.0.2.1]:25", "address", ""),
        ("the mailbox shop@contoso.com is not enabled", "address", "shop@contoso.com"),
        ("shop@contoso.com\nNeed admin approval", "address", "shop@contoso.com"),
        ("550 5.1.1 <other@example.org>: Recipient address rejected", "address", ""),
        ("one@example.org or two@example.org", "address", ""),
        ("Trace ID: NUMBER Correlation ID: DIRECTORY Timestamp: 2025-01-09 12:00:04Z", "correlation_id", DIRECTORY),
        ("Trace ID: NUMBER Correlation ID: DIRECTORY Timestamp: 2025-01-09 12:00:04Z", "trace_id", NUMBER),
        ("Trace ID: NUMBER Correlation ID: DIRECTORY Timestamp: 2025-01-09 12:00:04Z", "time", "2025-01-09 12:00:04Z"),
        (r#""correlation_id":"NUMBER""#, "correlation_id", NUMBER),
        ("MSALCorrelationIDKey=NUMBER, x", "correlation_id", NUMBER),
        ("Request Id: NUMBER", "trace_id", NUMBER),
        ("Timestamp: 2024-01-10T16:49:32Z", "time", "2024-01-10T16:49:32Z"),
        ("Unable to connect to ssl://outlook.office365.com:993 (timed out)", "host", "outlook.office365.com"),
        ("Unable to connect to ssl://outlook.office365.com:993 (timed out)", "port", "993"),
        ("Couldn't open stream {outlook.office365.com:993/imap/ssl}", "host", "outlook.office365.com"),
        ("relay=smtp.gmail.com[192.0.2.1]:587, delay=1", "host", "smtp.gmail.com"),
        ("relay=smtp.gmail.com[192.0.2.1]:587, delay=1", "port", "587"),
        ("Couldn't connect to host, port: imap.example.org, 993; timeout", "host", "imap.example.org"),
        ("getaddrinfo ENOTFOUND imap.example.org", "host", "imap.example.org"),
        ("dial tcp: lookup imap.example.org: no such host", "host", "imap.example.org"),
        ("failed to connect to imap.example.org/192.0.2.1 (port 993)", "port", "993"),
        ("at /app/server.js:10 in connect", "host", ""),
        ("input parameter 'scope' is not valid", "scope", ""),
        ("The scope 'https://mail.google.com/' is not known", "scope", "https://mail.google.com/"),
        ("scope=openid%20https%3A%2F%2Fmail.google.com%2F&x=1", "scope", "openid https://mail.google.com/"),
        ("scopes were invalid. {invalid=[https://mail.google.com/x]}", "scope", "https://mail.google.com/x"),
        ("The redirect URI 'http://localhost:8400' specified", "redirect_uri", "http://localhost:8400"),
        ("redirect_uri=http%3A%2F%2Flocalhost%3A8400%2Fx&y=1", "redirect_uri", "http://localhost:8400/x"),
        (
            "for presented assertion subject 'repo:a/b:ref:refs/heads/main'.",
            "refused_subject",
            "repo:a/b:ref:refs/heads/main",
        ),
        (r"for presented assertion issuer \u0027https://id.example/\u0027.", "refused_issuer", "https://id.example/"),
        ("Assertion Audience: 'api://AzureADTokenExchange'.", "refused_audience", "api://AzureADTokenExchange"),
        ("for presented assertion subject '***'.", "refused_subject", ""),
    ];
    let wrong: Vec<String> = rows.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_value_of_the_same_line_comes_first_and_then_the_surest() {
    let log = "user one@contoso.com signs in\nAADSTS50034: The user account two@contoso.com does not exist\nlogin as user three@contoso.com";
    let values = Reading::of(log).values();
    let at = |line| values.get("user", Some(line)).unwrap().to_string();
    assert_eq!([at(0), at(1), at(2)], ["one@contoso.com", "two@contoso.com", "three@contoso.com"]);
    assert_eq!(values.get("user", None).unwrap(), "one@contoso.com");
}

#[test]
fn what_is_far_away_counts_only_where_the_text_has_no_other() {
    let far = "nothing here\n".repeat(20);
    let one = Reading::of(&format!("user one@contoso.com\n{far}535 5.7.3 no")).values();
    assert_eq!(one.get("user", Some(21)).unwrap(), "one@contoso.com");
    let two = Reading::of(&format!("user one@contoso.com\nuser two@contoso.com\n{far}535 5.7.3 no")).values();
    assert_eq!(two.get("user", Some(22)), None);
    assert_eq!(two.get("user", Some(1)).unwrap(), "two@contoso.com");
}

#[test]
fn a_directory_s_name_is_for_people_alone() {
    let values = Reading::of("was not found in the directory 'Contoso Ltd'.").values();
    assert_eq!(values.tenant_name(Some(0)).unwrap(), "Contoso Ltd");
    assert_eq!(values.get("tenant", Some(0)), None);
}

#[test]
fn a_secret_is_not_taken_for_a_value_whatever_its_form() {
    for text in [
        "imaps://shop:hunter2@imap.example.org/",
        "https://user:hunter2@imap.example.org/",
        "password=hunter2@imap.example.org",
        "a1 LOGIN shop hunter2@imap.example.org",
        "client_secret: hunter2@imap.example.org",
    ] {
        for name in ["user", "address"] {
            assert!(!read(text)(name).contains("hunter2"), "{text}");
        }
    }
}

#[test]
fn hostile_text_takes_time_in_proportion_to_its_length() {
    for unit in ["client_id=", "@", "a@b.cd", "user:", "tenant '", "scope=\"", "from=<", "relay=a.b[", "lookup "] {
        let text = unit.repeat(64 * 1024 / unit.len());
        let start = std::time::Instant::now();
        let _ = Reading::of(&text).values().get("user", None);
        // Quadratic, this would take minutes without optimisation.
        assert!(start.elapsed().as_secs() < 10, "{unit:?} took {:?}", start.elapsed());
    }
}
