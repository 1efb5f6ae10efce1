//! What explains is shown, and what could be a secret is not: both directions.

use crate::text::Redactor;

/// Texts in which nothing is a secret.
const SHOWN: [&str; 62] = [
    // What a client did, by its name.
    "IMAPS: AUTHENTICATE PLAIN command trace suppressed",
    "IMAPS: AUTHENTICATE PLAIN command result: A1 NO AUTHENTICATE failed.",
    "AUTH LOGIN failed: 535 5.7.3 Authentication unsuccessful",
    "AUTH XOAUTH2 is not supported by this server",
    "auth PLAIN Required",
    "Retrying PLAIN authentication after AUTHENTICATE failed.",
    "250-AUTH LOGIN PLAIN XOAUTH2 OAUTHBEARER",
    "AUTH LOGIN user@example.com",
    "Host2 failure: Error login on [imap.example] with user [a@example.com] auth [LOGIN]: 2 NO LOGIN failed.",
    "a1 NO LOGIN Invalid credentials or IMAP is disabled",
    "2 LOGIN failed",
    "POP3> PASS command failed",
    "PASS",
    "-ERR [AUTH] PASS was not accepted",
    // What a standard or a provider calls an error.
    "error=temporarily_unavailable&error_description=authentication_expired",
    "error=access_denied&error_description=AADSTS65004%3A+User+declined&error_subcode=cancel",
    r#"{"error":"invalid_grant","error_description":"Token is not active","error_codes":[70008]}"#,
    r#"{"error":"invalid_client","error_description":"Invalid client or Invalid client credentials"}"#,
    r#"{"error":{"code":"InvalidAuthenticationToken","message":"Access token has expired."}}"#,
    "code=EAUTH command=AUTH XOAUTH2",
    "rpc error: code = PermissionDenied desc = refused",
    "state=connecting, next try in 5 s",
    "error code=535",
    "code: 'EAUTH', response: '535 5.7.8 Error: authentication failed'",
    // Sentences with the names of secrets.
    "Invalid user or password: authentication failed",
    "refresh_token is missing; client_secret: required",
    "The client_assertion is invalid, client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    r#"{"access_token":null,"token_type":"Bearer"}"#,
    "refresh_token=null",
    "Invalid client secret: the value has expired",
    "the token: it was refused",
    "password=<non-null>",
    "id_token: expired",
    "bearer authentication failed",
    "Bearer realm=\"\"",
    "Basic authentication is disabled",
    "WWW-Authenticate: Basic realm=\"x\"",
    "grant_type=refresh_token&client_id=11111111-2222-3333-4444-555555555555",
    "scope=https://mail.google.com/ offline_access",
    // Whose server it is.
    "the answer comes from another issuer: https://login.example.org/realms/Shop1",
    "https://id.example/realms/Shop1/protocol/openid-connect/token answers 404",
    "redirect_uri=http://localhost:8400/callback is not registered",
    "connect to imaps://imap.example.com:993 failed",
    "smtp://shop%40example.com@smtp.example.com:587",
    "user shop@contoso.com at outlook.office365.com:993",
    "mailto:shop@contoso.com?subject=a:b",
    "<shop@contoso.com> (in reply to RCPT TO command)",
    // Numbers and names.
    "Trace ID: aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee Correlation ID: 0a0a0a0a-bbbb-cccc-dddd-eeeeeeeeeeee",
    "[PA7P264CA0408.FRAP264.PROD.OUTLOOK.COM 2026-04-09T12:13:06.348Z 08DE95BEBBF63F52]",
    "123456789012-abcdefghijklmnopqrstuvwxyz012345.apps.googleusercontent.com",
    "client_id=1000.ABCDEFGHIJKLMNOPQRSTUVWXYZ2345",
    "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent is the client secret value",
    "org.springframework.security.oauth2.client.OAuth2AuthorizationException: refused",
    "Exceptions::UnprocessableEntity at /opt/zammad/vendor/bundle/ruby/2.6.0/gems/actionpack-5.2.4.4/lib/abstract_controller/base.rb:194",
    "javax.mail.AuthenticationFailedException: AUTHENTICATE failed.",
    "TokenStore::Refresh: http error: error setting certificate verify locations: CAfile: /etc/ssl/certs/ca-bundle.crt",
    "-----BEGIN CERTIFICATE----- is missing in ca.pem",
    "the key 'token_endpoint' is missing in the metadata",
    "secret_expires = \"2027-01-31\"",
    "--password is not an option of this program",
    "421 4.7.0 Try again later, closing connection. (EHLO) v5-20020a056e0202c500b003465bd4755csm87707ilr.54 - gsmtp",
    "Set the environment variable SMTP_PASSWORD and try again",
];

/// Texts with a secret, and what is left of them.
const HIDDEN: [(&str, &str); 66] = [
    // Responses in SASL.
    ("C: AUTH PLAIN AHNob3AAaHVudGVyMg==", "C: AUTH PLAIN [redacted]"),
    ("AUTH PLAIN AGFiYwBkZWY", "AUTH PLAIN [redacted]"),
    ("a AUTHENTICATE PLAIN AHNob3AAaHVudGVyMg==", "a AUTHENTICATE PLAIN [redacted]"),
    ("AUTH LOGIN c2hvcA==", "AUTH LOGIN [redacted]"),
    ("AUTH login c2hvcEBjb250b3NvLmNvbQ==", "AUTH login [redacted]"),
    ("AUTH SCRAM-SHA-1 biwsbj11c2VyLHI9YWJj", "AUTH SCRAM-SHA-1 [redacted]"),
    ("S: 334 UGFzc3dvcmQ6 C: aHVudGVyMg==", "S: 334 UGFzc3dvcmQ6 C: [redacted]"),
    ("334 UGFzc3dvcmQ6 aHVudGVy", "334 UGFzc3dvcmQ6 [redacted]"),
    ("'334 UGFzc3dvcmQ6' >>> aHVudGVyMg==", "'334 UGFzc3dvcmQ6' >>> [redacted]"),
    ("user=a@b.example^Aauth=Bearer abc^A^A", "user=a@b.example^Aauth=Bearer [redacted]^A^A"),
    // Passwords in commands.
    ("a1 LOGIN shop@contoso.com hunter2", "a1 LOGIN shop@contoso.com [redacted]"),
    ("C: A001 LOGIN \"shop@contoso.com\" \"hunter 2\"", "C: A001 LOGIN \"shop@contoso.com\" \"[redacted]\""),
    ("2 login shop \"hun\\\"ter\"", "2 login shop \"[redacted]\""),
    ("b'1 LOGIN shop hunter2\\r\\n'", "b'1 LOGIN shop [redacted]\\r\\n'"),
    ("POP3> PASS hunter2", "POP3> PASS [redacted]"),
    ("C: pass two words", "C: pass [redacted]"),
    ("PASS hunter2", "PASS [redacted]"),
    ("mbsync --password hunter2 inbox", "mbsync --password [redacted] inbox"),
    ("tool --client-secret=hunter2 x", "tool --client-secret=[redacted] x"),
    ("tool --refresh-token hunter2", "tool --refresh-token [redacted]"),
    ("curl -u shop:hunter2 imaps://imap.example", "curl -u shop:[redacted] imaps://imap.example"),
    ("curl --user shop:hunter2 x", "curl --user shop:[redacted] x"),
    // Addresses.
    ("imap://shop:hunter2@imap.example/INBOX", "imap://shop:[redacted]@imap.example/INBOX"),
    ("https://proxy:p4ss@proxy.example:3128", "https://proxy:[redacted]@proxy.example:3128"),
    ("smtp://a%40b.example:x@y@smtp.example", "smtp://a%40b.example:[redacted]@smtp.example"),
    ("GET /?code=0.AX&state=s1 HTTP/1.1", "GET /?code=[redacted]&state=[redacted] HTTP/1.1"),
    ("http://localhost/?code=abcdef&state=ghijkl", "http://localhost/?code=[redacted]&state=[redacted]"),
    ("code=4%2F0Ab_5qlk&scope=x", "code=[redacted]&scope=x"),
    ("token=hunter", "token=[redacted]"),
    // Fields in forms, JSON, YAML, XML and settings.
    ("client_secret=hunter2&a=b", "client_secret=[redacted]&a=b"),
    ("client_assertion=abc.def.ghi&x=1", "client_assertion=[redacted]&x=1"),
    (r#"{"clientSecret":"hunter2"}"#, r#"{"clientSecret":"[redacted]"}"#),
    (r#"{"refreshToken": "a b", "x": 1}"#, r#"{"refreshToken": "[redacted]", "x": 1}"#),
    (r#"{"client-secret":"hunter2"}"#, r#"{"client-secret":"[redacted]"}"#),
    (r#"{"e":"{\"access_token\":\"abc\"}"}"#, r#"{"e":"{\"access_token\":\"[redacted]\"}"}"#),
    (r#"{"Cookie":"a=b; c=d"}"#, r#"{"Cookie":"[redacted]"}"#),
    (r#"{"Authorization":"Basic aWQ6cHc="}"#, r#"{"Authorization":"[redacted]"}"#),
    ("{:client_secret=>\"hunter2\"}", "{:client_secret=>\"[redacted]\"}"),
    ("'password' => 'hunter2',", "'password' => '[redacted]',"),
    ("smtp_password: hunter2", "smtp_password: [redacted]"),
    ("spring.mail.password=hunter2", "spring.mail.password=[redacted]"),
    ("IMAP_PASSWORD=hunter2", "IMAP_PASSWORD=[redacted]"),
    ("passphrase = \"hunter 2\"", "passphrase = \"[redacted]\""),
    ("<password>hunter 2</password>", "<password>[redacted]</password>"),
    ("<client_secret>abc</client_secret>", "<client_secret>[redacted]</client_secret>"),
    ("<add key=\"ClientSecret\" value=\"hunter2\"/>", "<add key=\"ClientSecret\" value=\"[redacted]\"/>"),
    ("app password: abcd efgh ijkl mnop", "app password: [redacted]"),
    ("secret: hunter2hunter2", "secret: [redacted]"),
    ("pwd=hunter2hunter2;", "pwd=[redacted];"),
    ("device_code=abc&user_code=ABCD-EFGH", "device_code=[redacted]&user_code=[redacted]"),
    ("code_verifier=abc", "code_verifier=[redacted]"),
    ("api_key = abcdef", "api_key = [redacted]"),
    // Headers.
    ("Authorization: Basic aWQ6cHc=", "Authorization: Basic [redacted]"),
    ("> proxy-authorization: Basic aWQ6cHc=", "> proxy-authorization: Basic [redacted]"),
    ("Set-Cookie: ESTSAUTH=0.AX; path=/", "Set-Cookie: [redacted]"),
    ("sent Basic c2hvcDpodW50ZXIy to it", "sent Basic [redacted] to it"),
    ("Zoho-oauthtoken 1000.abc.def", "Zoho-oauthtoken [redacted]"),
    ("Bearer 2YotnFZFEjr1zCsicMWpAA", "Bearer [redacted]"),
    // Tokens by how they begin.
    ("got eyJhbGciOiJub25lIn0.eyJzdWIiOiJhIn0.sig", "got [redacted]"),
    ("got 1//0abcdefghijklmnopqrstuvwx", "got [redacted]"),
    ("got 4/0AbCdEfGhIjKlMnOpQrStUv", "got [redacted]"),
    ("got GOCSPX-abcdefghijklmnop", "got [redacted]"),
    ("got M.C507_BAY.0.U.-Cq3Vb6Nm!x*y$$", "got [redacted]"),
    ("got 1000.3421ad0e1a6fe44663ea112b8b1c4fdf.cd38e645e3d7423651d17368855bc1c5", "got [redacted]"),
    ("got y0_AgAAAABabcdefghijk", "got [redacted]"),
    (
        "-----BEGIN PRIVATE KEY----- MIIabc -----END PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY----- [redacted] -----END PRIVATE KEY-----",
    ),
];

#[test]
fn what_explains_is_shown() {
    for text in SHOWN {
        assert_eq!(Redactor::default().clean(text), text);
        assert_eq!(Redactor::default().clean_of_tokens(text), text, "as a token endpoint's words");
    }
}

#[test]
fn what_could_be_a_secret_is_hidden() {
    for (text, left) in HIDDEN {
        assert_eq!(Redactor::default().clean(text), left);
        assert_eq!(Redactor::by_shape(text), left);
    }
}

#[test]
fn a_secret_among_many_lines_is_hidden_to_the_end_of_its_own() {
    let text = "S: 334 UGFzc3dvcmQ6\r\nC: aHVudGVyMg==\r\nS: 235 ok\nPASS two words\n+OK";
    let cleaned = Redactor::default().clean(text);
    assert!(!cleaned.contains("aHVudGVyMg") && !cleaned.contains("two words"), "{cleaned}");
    assert!(cleaned.contains("235 ok") && cleaned.contains("+OK"), "{cleaned}");
}

#[test]
fn a_response_of_plain_alone_on_its_line_is_hidden() {
    assert_eq!(Redactor::default().clean("AHNob3BAY29udG9zby5jb20AaHVudGVyMg=="), "[redacted]");
    assert_eq!(Redactor::default().clean("> AHNob3AAaHVudGVyMg=="), "> [redacted]");
}
