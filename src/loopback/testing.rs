//! What this module's tests share.

/// What tries to become markup where it is repeated; the tests of the binary use the same.
pub(super) fn xss() -> Vec<String> {
    let file: toml::Table = include_str!("../../tests/support/xss.toml").parse().unwrap();
    let corpus: Vec<String> = file["corpus"].clone().try_into().unwrap();
    assert!(corpus.len() > 60, "the corpus was not read");
    corpus
}

/// The tags of a page, in order.
pub(super) fn tags(html: &str) -> Vec<String> {
    html.split('<').skip(1).map(|rest| rest.split('>').next().unwrap().to_owned()).collect()
}
