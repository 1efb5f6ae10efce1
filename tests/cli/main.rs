//! The behaviour of the real binary, command by command, against the practice tenant.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use practice_tenant as sandbox;

#[path = "../support/mod.rs"]
mod support;

mod practice;
mod practice_api;
#[cfg(target_os = "linux")]
mod practice_apps;
#[cfg(target_os = "linux")]
mod practice_machines;
mod practice_mail;

mod add;
mod add_again;
#[cfg(unix)]
mod add_credential;
#[cfg(unix)]
mod add_dialogue;
mod add_names;
mod all_protocols;
mod app_only;
mod apply;
mod authorize;
mod authorize_by_code;
mod authorize_elsewhere;
mod authorize_queue;
mod before_the_browser;
mod calendar;
mod callbacks;
#[cfg(target_os = "linux")]
mod certificates;
#[cfg(target_os = "linux")]
mod certificates_rotate;
#[cfg(unix)]
mod ci_jobs;
mod client_authentication;
mod codes;
mod config_errors;
#[cfg(unix)]
mod crash;
mod credential;
mod crowd;
#[cfg(target_os = "linux")]
mod dead_addresses;
#[cfg(target_os = "linux")]
mod disk;
mod doctor;
mod dry_run;
mod environment;
mod explain;
mod faults;
mod federated;
mod field;
#[cfg(target_os = "linux")]
mod flags;
mod fleet;
mod formats;
mod gmail;
mod graph;
mod guide;
mod help;
mod hostile_words;
mod inspect;
mod json;
mod ladder;
mod last_page;
mod leaks;
#[cfg(target_os = "linux")]
mod listener;
#[cfg(target_os = "linux")]
mod live;
mod lost;
#[cfg(target_os = "linux")]
mod memory;
mod merge;
mod mistakes;
mod mix_up;
mod names;
mod no_profile;
mod not_asked;
mod open;
mod other_service;
#[cfg(target_os = "linux")]
mod outputs;
#[cfg(all(unix, feature = "practice"))]
mod practising;
mod proxies;
mod read_back;
mod rotate;
mod rotate_again;
mod rotate_issue;
#[cfg(unix)]
mod rotate_issue_crash;
mod rotate_issue_trouble;
#[cfg(target_os = "linux")]
mod rotate_own_key;
mod rotate_together;
#[cfg(target_os = "linux")]
mod safekeeping;
#[cfg(unix)]
mod screens;
#[cfg(target_os = "linux")]
mod service_account;
mod snippet;
mod status_ask;
mod status_list_show_remove;
#[cfg(unix)]
mod store;
#[cfg(unix)]
mod terminal;
mod test;
mod test_mailbox;
mod test_smtp;
mod token;
mod two_profiles;
#[cfg(target_os = "linux")]
mod unattended;
mod units;
#[cfg(unix)]
mod vault;
mod vault_absent;
mod verdicts;
mod who_signed_in;
