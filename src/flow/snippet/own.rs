//! The command with which other programs run this one again, from wherever they run.

use std::path::{Path, PathBuf};

use crate::context::Context;
use crate::environment;
use crate::error::CommandError;

/// The program and the flags that lead to the same profile and store.
#[derive(Debug, Clone)]
pub struct OwnCommand(Vec<String>);

impl OwnCommand {
    /// What this process was started as.
    ///
    /// # Errors
    /// If a path is not text.
    pub fn of(context: &Context) -> Result<Self, CommandError> {
        let mut words = vec![text(&program())?];
        if context.profile_path != context.folders.default_profile() {
            let whole = std::path::absolute(&context.profile_path);
            words.extend(["--profile".to_owned(), text(&whole.unwrap_or_else(|_| context.profile_path.clone()))?]);
        }
        if let Some(store) = context.store_choice {
            words.extend(["--store".to_owned(), store.key().to_owned()]);
        }
        Ok(Self(words))
    }

    /// The command with `more` words.
    #[must_use]
    pub fn with(&self, more: &[&str]) -> Vec<String> {
        self.0.iter().cloned().chain(more.iter().map(|word| (*word).to_owned())).collect()
    }

    /// A command of these words, for tests.
    #[cfg(test)]
    pub(super) fn from_words(words: &[&str]) -> Self {
        Self(words.iter().map(|word| (*word).to_owned()).collect())
    }
}

/// This program's file, in full: timers and daemons have a PATH of their own. The name that PATH finds it by comes first, since it
/// stays when a package manager puts another version behind it.
fn program() -> PathBuf {
    let name = format!("mailgrant{}", std::env::consts::EXE_SUFFIX);
    let Some(running) = environment::own_program() else { return name.into() };
    let real = |path: &Path| path.canonicalize().ok();
    let path = environment::raw("PATH").unwrap_or_default();
    let mut found = std::env::split_paths(&path).filter(|folder| folder.is_absolute()).map(|folder| folder.join(&name));
    found.find(|file| real(file).is_some_and(|file| real(&running) == Some(file))).unwrap_or(running)
}

fn text(path: &Path) -> Result<String, CommandError> {
    path.to_str().map(str::to_owned).ok_or_else(|| {
        let cause = shown!("The path {} is not text in UTF-8, and no configuration can hold it.", path);
        CommandError::usage(cause, "Give the file or folder another name")
    })
}
