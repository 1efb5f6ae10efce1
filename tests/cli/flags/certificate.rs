//! `add`: which certificate an app has.

use super::adding::says;
use super::{Row, does};

/// Said as well, so that no secret is handed over.
const CREDENTIAL: (&str, Option<&str>) = ("--credential", Some("certificate"));

pub(super) const ROWS: &[Row] = &[
    does("add", "--certificate", |shop| {
        let lines = ["credential = \"certificate\"", "certificate = { file = \"/run/mail/app.pem\" }"];
        says(shop, "bycertificate", &[CREDENTIAL, ("--certificate", Some("/run/mail/app.pem"))], &lines);
        let other = [("--certificate", Some("/run/mail/app.pem")), ("--credential", Some("none"))];
        let refused = shop.add("byother", &other).finish().code(2);
        assert!(refused.stdout.contains("certificate"), "{}", refused.stdout);
        let id = ("--client-id", Some("5a4d0000-0000-4000-8000-999999999998"));
        let open = shop.add("byopencert", &[("--credential", Some("certificate")), id]).finish().code(2);
        assert!(open.stdout.contains("--certificate"), "{}", open.stdout);
    }),
    does("add", "--key-file", |shop| {
        let flags =
            [CREDENTIAL, ("--certificate", Some("/run/mail/app.crt")), ("--key-file", Some("/run/mail/app.key"))];
        says(shop, "bykeyfile", &flags, &["file = \"/run/mail/app.crt\", key_file = \"/run/mail/app.key\""]);
    }),
    does("add", "--algorithm", |shop| {
        let flags = [CREDENTIAL, ("--certificate", Some("/run/mail/app.pem")), ("--algorithm", Some("RS256"))];
        says(shop, "byalgorithm", &flags, &["algorithm = \"RS256\""]);
    }),
];
