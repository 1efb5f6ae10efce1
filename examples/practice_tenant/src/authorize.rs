//! The authorization endpoint: strict about the request, then a small page on which a person chooses who they are.

use url::{Host, Url};

use crate::faults::{At, Fault};
use crate::http::{Params, Request, Response, escape_html};
use crate::oauth_error::OAuthError;
use crate::world::{ALICE, App, Code, Dialect, SignIn, World, now, random_text};

/// An authorization code lives this long (Entra: about ten minutes).
const CODE_LIFETIME: jiff::SignedDuration = jiff::SignedDuration::from_mins(10);
/// Microsoft's scopes, without the resource's address.
const OUTLOOK_SCOPES: [&str; 3] = ["IMAP.AccessAsUser.All", "POP.AccessAsUser.All", "SMTP.Send"];
const OUTLOOK_RESOURCES: [&str; 2] = ["https://outlook.office.com/", "https://outlook.office365.com/"];
/// Graph's scopes, without its address.
const GRAPH_SCOPES: [&str; 12] = [
    "User.Read",
    "Mail.ReadBasic",
    "Mail.ReadBasic.Shared",
    "Mail.Read",
    "Mail.Read.Shared",
    "Mail.ReadWrite",
    "Mail.ReadWrite.Shared",
    "Mail.Send",
    "Mail.Send.Shared",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Policy.Read.All",
];
const GRAPH_RESOURCE: &str = "https://graph.microsoft.com/";
const OIDC_SCOPES: [&str; 3] = ["imap", "pop3", "smtp"];
/// Gmail's, at the plain provider: Google's sign-in differs from it in nothing that matters here.
const GMAIL_SCOPES: [&str; 5] = [
    "https://mail.google.com/",
    "https://www.googleapis.com/auth/gmail.metadata",
    "https://www.googleapis.com/auth/gmail.readonly",
    "https://www.googleapis.com/auth/gmail.modify",
    "https://www.googleapis.com/auth/gmail.send",
];
const OPENID_SCOPES: [&str; 4] = ["openid", "profile", "email", "offline_access"];

/// Where a refusal goes.
enum Refusal {
    /// To the person, on a page: there is no redirect URI that could be trusted.
    Page(OAuthError),
    /// Back to the client.
    Redirect(OAuthError),
}

/// `GET`: checks the request and shows the sign-in page.
pub fn show(world: &World, dialect: Dialect, query: &Params) -> Response {
    world.state().counters.authorize_requests += 1;
    let judged = check(world, dialect, query).and_then(|sign_in| {
        let refused = world.faults.refusal(At::Page, &sign_in.client_id, "");
        refused.map_or(Ok(sign_in), |error| Err(Refusal::Page(error)))
    });
    match judged {
        Ok(sign_in) => {
            let ticket = random_text(24);
            let page = page(world, &ticket, dialect, query.get("login_hint").unwrap_or_default());
            world.state().sign_ins.insert(ticket, sign_in);
            page
        }
        Err(Refusal::Page(error)) => error.page(dialect),
        Err(Refusal::Redirect(error)) => {
            let redirect_uri = query.get("redirect_uri").unwrap_or_default();
            let description = error.description(dialect);
            let mut answer = vec![("error", error.error), ("error_description", &description)];
            answer.extend(query.get("state").map(|state| ("state", state)));
            redirect(world, dialect, redirect_uri, &answer)
        }
    }
}

/// `POST`: an account was chosen. A plain HTTP client may do so too: the form's fields are `ticket`, `user` and
/// `decision` (`accept` or `decline`).
pub fn decide(world: &World, request: &Request) -> Response {
    let form = request.form().unwrap_or_default();
    let sign_in = world.state().sign_ins.remove(form.get("ticket").unwrap_or_default());
    let Some(sign_in) = sign_in else {
        return OAuthError::new("invalid_request", 50_058, "This sign-in page was used already. Start again.")
            .page(Dialect::Entra);
    };
    let state = sign_in.state.clone();
    if form.get("decision") == Some("decline") {
        let error = OAuthError::new("access_denied", 65_004, "User declined to consent to access the app.");
        let description = error.description(sign_in.dialect);
        let answer = [("error", "access_denied"), ("error_description", &description), ("state", &state)];
        return redirect(world, sign_in.dialect, &sign_in.redirect_uri, &answer);
    }
    let user = form.get("user").and_then(|address| world.user(address)).filter(|user| user.can_sign_in);
    let Some(user) = user else {
        return OAuthError::new("invalid_grant", 50_034, "The user account does not exist in this directory.")
            .page(sign_in.dialect);
    };
    let user = if world.faults.is_on(Fault::OtherAccount) { world.user(ALICE).unwrap_or(user) } else { user };
    if let Some(error) = world.faults.refusal(At::Account, &sign_in.client_id, &user.address) {
        return error.page(sign_in.dialect);
    }
    if let Some(error) = world.faults.refusal(At::Back, &sign_in.client_id, &user.address) {
        let description = error.description(sign_in.dialect);
        let answer = [("error", error.error), ("error_description", &description), ("state", &state)];
        return redirect(world, sign_in.dialect, &sign_in.redirect_uri, &answer);
    }
    // Entra's codes are long: a listener that reads too little of the request line must fail here.
    let code = format!("1.{}", random_text(480));
    let (dialect, redirect_uri) = (sign_in.dialect, sign_in.redirect_uri.clone());
    let record = Code { sign_in, user: user.address.clone(), expires: now() + CODE_LIFETIME, redeemed: false };
    {
        let mut state = world.state();
        state.counters.sign_ins += 1;
        state.codes.insert(code.clone(), record);
    }
    let mut answer = vec![("code", code.as_str()), ("state", &state)];
    let session = random_text(16);
    if dialect == Dialect::Entra {
        answer.push(("session_state", &session));
    }
    redirect(world, dialect, &redirect_uri, &answer)
}

/// Everything that the standards and Entra ask of an authorization request, and PKCE always.
fn check(world: &World, dialect: Dialect, query: &Params) -> Result<SignIn, Refusal> {
    let page = |error, number, text: String| Refusal::Page(OAuthError::new(error, number, text));
    if let Some(name) = query.duplicate() {
        world.surprise(format!("authorize: {name} twice"));
        return Err(page("invalid_request", 90_014, format!("The parameter '{name}' occurs more than once.")));
    }
    let client_id = query.get("client_id").unwrap_or_default();
    let redirect_uri = query.get("redirect_uri").unwrap_or_default();
    {
        let state = world.state();
        let Some(app) = state.app(client_id) else {
            let text = format!("Application with identifier '{client_id}' was not found in the directory 'Contoso'.");
            return Err(page("unauthorized_client", 700_016, text));
        };
        if !is_registered(app, redirect_uri) {
            let text = format!(
                "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured \
                 for the application '{client_id}'."
            );
            return Err(page("invalid_request", 50_011, text));
        }
    }
    let back = |error, number, text: String| Refusal::Redirect(OAuthError::new(error, number, text));
    let need = |name: &str| {
        query.get(name).filter(|value| !value.is_empty()).ok_or_else(|| {
            world.surprise(format!("authorize: no {name}"));
            let text = format!("The request body must contain the following parameter: '{name}'.");
            back("invalid_request", 900_144, text)
        })
    };
    if need("response_type")? != "code" {
        return Err(back("unsupported_response_type", 700_054, "response_type must be 'code'.".to_owned()));
    }
    let state = need("state")?;
    let code_challenge = need("code_challenge")?;
    if need("code_challenge_method")? != "S256" || code_challenge.len() != 43 {
        world.surprise("authorize: PKCE without S256");
        let text = "Proof Key for Code Exchange with S256 is required.".to_owned();
        return Err(back("invalid_request", 501_491, text));
    }
    if query.get("response_mode").is_some_and(|mode| mode != "query") {
        return Err(back("invalid_request", 900_144, "Only response_mode=query is supported here.".to_owned()));
    }
    let scopes: Vec<String> = need("scope")?.split(' ').map(str::to_owned).collect();
    if let Some(unknown) = scopes.iter().find(|scope| !is_known(dialect, scope)) {
        let text = format!("The application asked for scope '{unknown}' that doesn't exist on the resource.");
        return Err(back("invalid_scope", 650_053, text));
    }
    let nonce = query.get("nonce").map(str::to_owned);
    if nonce.is_none() && scopes.iter().any(|scope| scope == "openid") {
        world.surprise("authorize: openid without nonce");
    }
    let prompt: Vec<&str> = query.get("prompt").unwrap_or_default().split_whitespace().collect();
    if let Some(other) = prompt.iter().find(|word| !["login", "none", "consent", "select_account"].contains(word)) {
        return Err(back("invalid_request", 90_023, format!("Unsupported 'prompt' value '{other}'.")));
    }
    if prompt == ["none"] {
        let text = "A silent sign-in request was sent but no user is signed in.".to_owned();
        return Err(back("login_required", 50_058, text));
    }
    Ok(SignIn {
        dialect,
        client_id: client_id.to_owned(),
        redirect_uri: redirect_uri.to_owned(),
        scopes,
        state: state.to_owned(),
        nonce,
        code_challenge: code_challenge.to_owned(),
        consented: prompt.contains(&"consent"),
    })
}

/// Whether the app may be answered at `given`. A loopback address matches whatever its port (RFC 8252 §7.3); letter
/// case and path count.
fn is_registered(app: &App, given: &str) -> bool {
    let Ok(given_url) = Url::parse(given) else { return false };
    app.redirect_uris.iter().any(|registered| {
        if given == *registered {
            return true;
        }
        let Ok(registered) = Url::parse(registered) else { return false };
        let is_loopback = match registered.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(_)) | None => false,
        };
        let same = |part: fn(&Url) -> Option<&str>| part(&registered) == part(&given_url);
        is_loopback
            && same(|url| Some(url.scheme()))
            && same(Url::host_str)
            && same(|url| Some(url.path()))
            && given_url.query().is_none()
            && given_url.fragment().is_none()
    })
}

pub fn is_known(dialect: Dialect, scope: &str) -> bool {
    let outlook = || OUTLOOK_RESOURCES.iter().find_map(|resource| scope.strip_prefix(resource));
    OPENID_SCOPES.contains(&scope)
        || match dialect {
            Dialect::Entra => {
                outlook().is_some_and(|name| OUTLOOK_SCOPES.contains(&name))
                    || scope.strip_prefix(GRAPH_RESOURCE).is_some_and(|name| GRAPH_SCOPES.contains(&name))
            }
            Dialect::Oidc => OIDC_SCOPES.contains(&scope) || GMAIL_SCOPES.contains(&scope),
        }
}

fn redirect(world: &World, dialect: Dialect, redirect_uri: &str, answer: &[(&str, &str)]) -> Response {
    let Ok(mut url) = Url::parse(redirect_uri) else { return Response::html(400, String::new()) };
    url.query_pairs_mut().extend_pairs(answer);
    if dialect == Dialect::Oidc {
        // RFC 9207; no document of Microsoft's says that Entra sends it.
        url.query_pairs_mut().append_pair("iss", &world.oidc_issuer());
    }
    Response::redirect(url.to_string())
}

fn page(world: &World, ticket: &str, dialect: Dialect, hint: &str) -> Response {
    let action = format!("{}/authorize", world.endpoint_base(dialect));
    let mut choices = String::new();
    for user in world.users.iter().filter(|user| user.can_sign_in) {
        let checked = if user.address.eq_ignore_ascii_case(hint) { " checked" } else { "" };
        choices.push_str(&format!(
            "<p><label><input type=\"radio\" name=\"user\" value=\"{address}\" required{checked}> {name} \
             &lt;{address}&gt;</label></p>\n",
            address = escape_html(&user.address),
            name = escape_html(user.name),
        ));
    }
    Response::html(
        200,
        format!(
            "<!doctype html>\n<html lang=\"en\"><meta charset=\"utf-8\"><title>Practice sign-in</title>\n\
             <body style=\"font-family: sans-serif; max-width: 30em; margin: 4em auto\">\n\
             <h1>Practice sign-in</h1>\n<p>This is mailgrant's sandbox. There are no passwords here.</p>\n\
             <form method=\"post\" action=\"{action}\">\n<input type=\"hidden\" name=\"ticket\" value=\"{ticket}\">\n\
             {choices}<p><button name=\"decision\" value=\"accept\">Accept</button>\n\
             <button name=\"decision\" value=\"decline\" formnovalidate>Decline</button></p>\n</form></body></html>\n"
        ),
    )
}
