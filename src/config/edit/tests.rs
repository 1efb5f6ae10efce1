use super::*;
use toml::Spanned;

const PROFILE: &str = "\
# The whole shop's mail.
# Ask alice before changing anything.

# contoso's registration
[apps.contoso]  # made in 2025
client_id = '11111111-2222-3333-4444-555555555555' # from the portal
provider = \"microsoft365\"
tenant = \"contoso.example\"
scopes = [
    \"one\", # the first
    \"two\",
]

[mailboxes.shop]
address = \"shop@contoso.example\"
app = \"contoso\"
incoming = { protocol = \"imap\", port = 993 } # reading
enabled = true

# sending goes elsewhere
[mailboxes.shop.outgoing]
protocol = \"smtp\"
host = \"mail.contoso.example\" # ours
port = 587

# the last one
[mailboxes.bare]
app = \"contoso\"
address = \"bare@contoso.example\"
outgoing.protocol = \"smtp\"
# the end
";

struct Desk {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

impl Desk {
    fn with(text: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        std::fs::write(&path, text).unwrap();
        Self { _folder: folder, path }
    }

    fn edit(&self, change: impl FnOnce(&mut ProfileDocument)) -> (Edit, String) {
        let mut document = ProfileDocument::open(&self.path).unwrap();
        change(&mut document);
        (document.save().unwrap(), std::fs::read_to_string(&self.path).unwrap())
    }
}

fn name(text: &str) -> Name {
    text.parse().unwrap()
}

fn spanned<T>(value: T) -> Spanned<T> {
    Spanned::new(0..0, value)
}

#[test]
fn a_file_in_which_nothing_changes_stays_byte_for_byte() {
    let inline = "[apps]\ncontoso = { provider = 'google', client_id = \"a\" } # inline\r\n[mailboxes]\n";
    for text in [PROFILE, &PROFILE.replace('\n', "\r\n"), &format!("\u{feff}{PROFILE}"), inline] {
        let desk = Desk::with(text);
        let (edit, after) = desk.edit(|document| {
            for app in document.profile().apps.keys().cloned().collect::<Vec<_>>() {
                let file = document.app_file(&app).unwrap();
                document.put_app(&app, &file);
                document.set_secret_expires(&app, None);
            }
            for mailbox in document.profile().mailboxes.keys().cloned().collect::<Vec<_>>() {
                let file = document.mailbox_file(&mailbox).unwrap();
                document.put_mailbox(&mailbox, &file);
            }
        });
        assert_eq!((edit, after.as_str()), (Edit::Unchanged, text));
    }
}

#[test]
fn comments_and_order_survive_and_only_what_changed_is_written() {
    let crlf = PROFILE.replace('\n', "\r\n");
    for text in [PROFILE, &crlf] {
        let (_, after) = Desk::with(text).edit(|document| {
            let mut app = document.app_file(&name("contoso")).unwrap();
            app.client_id = Some(spanned("66666666-2222-3333-4444-555555555555".into()));
            document.put_app(&name("contoso"), &app);
            let mut shop = document.mailbox_file(&name("shop")).unwrap();
            shop.incoming.as_mut().unwrap().get_mut().port = Some(143);
            shop.outgoing.as_mut().unwrap().get_mut().port = Some(465);
            document.put_mailbox(&name("shop"), &shop);
            let mut bare = document.mailbox_file(&name("bare")).unwrap();
            bare.outgoing.as_mut().unwrap().get_mut().port = Some(465);
            document.put_mailbox(&name("bare"), &bare);
        });
        let expected = text
            .replace("'11111111-2222-3333-4444-555555555555'", "\"66666666-2222-3333-4444-555555555555\"")
            .replace("port = 993", "port = 143")
            .replace("port = 587", "port = 465");
        let end = if text == crlf { "\r\n" } else { "\n" };
        let expected = expected.replace("# the end", &format!("outgoing.port = 465{end}# the end"));
        assert_eq!(after, expected);
    }
}

#[test]
fn a_key_without_a_value_any_more_goes() {
    let (_, after) = Desk::with(PROFILE).edit(|document| {
        let mut shop = document.mailbox_file(&name("shop")).unwrap();
        shop.incoming = None;
        shop.outgoing.as_mut().unwrap().get_mut().host = None;
        document.put_mailbox(&name("shop"), &shop);
    });
    let lost: Vec<&str> = PROFILE.lines().filter(|line| !after.contains(line)).collect();
    assert_eq!(
        lost,
        ["incoming = { protocol = \"imap\", port = 993 } # reading", "host = \"mail.contoso.example\" # ours"]
    );
}

#[test]
fn an_inline_app_is_edited_in_place() {
    let text = "[apps]\none = { provider = \"google\", client_id = \"a\" } # why\ntwo = { provider = \"google\", client_id = \"b\" }\n";
    let (_, after) = Desk::with(text).edit(|document| {
        let mut app = document.app_file(&name("one")).unwrap();
        app.client_id = Some(spanned("c".into()));
        document.put_app(&name("one"), &app);
    });
    assert_eq!(after, text.replace("\"a\"", "\"c\""));
    let group = "apps = { one = { provider = \"google\", client_id = \"a\" } } # all\n";
    let (_, after) = Desk::with(group).edit(|document| {
        let file = document.app_file(&name("one")).unwrap();
        document.put_app(&name("two"), &file);
    });
    assert!(after.starts_with("apps = { one = {") && after.ends_with("# all\n"), "{after}");
    assert_eq!(parse(Path::new("x"), &after).unwrap().apps.len(), 2);
}

#[test]
fn the_file_s_header_outlives_its_first_table() {
    let (_, after) = Desk::with(PROFILE).edit(|document| {
        document.remove_mailbox(&name("shop"));
        document.remove_mailbox(&name("bare"));
        document.remove_app(&name("contoso"));
    });
    assert!(after.starts_with("# The whole shop's mail.\n# Ask alice before changing anything.\n"), "{after}");
    assert!(!after.contains("contoso's registration"), "{after}");
    let (_, after) = Desk::with(PROFILE).edit(|document| document.remove_mailbox(&name("shop")));
    let start = PROFILE.find("[mailboxes.shop]").unwrap();
    let end = PROFILE.find("# the last one").unwrap();
    assert_eq!(after, format!("{}{}", &PROFILE[..start], &PROFILE[end..]));
    // A lone comment at the top is the file's.
    let text = "# mine\n[apps.one]\nprovider = \"google\"\nclient_id = \"a\"\n\n# two\n[apps.two]\nprovider = \"google\"\nclient_id = \"b\"\n";
    let (_, after) = Desk::with(text).edit(|document| document.remove_app(&name("one")));
    assert_eq!(after, format!("# mine\n\n{}", &text[text.find("# two").unwrap()..]));
}

#[test]
fn a_locked_document_keeps_others_out_until_it_is_dropped() {
    let desk = Desk::with(PROFILE);
    let locks = desk._folder.path().join("state");
    let document = ProfileDocument::open_locked(&desk.path, &locks, crate::files::lock::LOCK_WAIT).unwrap();
    document.save().unwrap();
    let try_it = || ProfileLock::acquire(&locks, &desk.path, std::time::Duration::ZERO);
    assert!(try_it().is_err(), "save has let the lock go");
    drop(document);
    try_it().unwrap();
}

#[cfg(unix)]
#[test]
fn a_folder_that_is_there_is_the_user_s_own_affair_and_a_new_one_is_private() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o7777;
    let desk = Desk::with(PROFILE);
    let folder = desk.path.parent().unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o775)).unwrap();
    let (edit, _) = desk.edit(|document| document.remove_mailbox(&name("shop")));
    assert_eq!((edit, mode(folder)), (Edit::Written, 0o775));
    let path = folder.join("new/config.toml");
    let mut document = ProfileDocument::open(&path).unwrap();
    let app = desk_app();
    document.put_app(&name("one"), &app);
    document.save().unwrap();
    assert_eq!(mode(path.parent().unwrap()), 0o700);
}

#[cfg(unix)]
fn desk_app() -> AppFile {
    AppFile {
        provider: Some(spanned(crate::profile::Provider::GOOGLE)),
        client_id: Some(spanned("a".into())),
        ..AppFile::default()
    }
}
