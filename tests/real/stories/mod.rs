//! What a person does with `mailgrant`, one story a file.

mod api;
mod credentials;
mod device_code;
mod git;
mod github;
mod job_reports;
mod json;
mod keyring;
mod machines;
mod mailbox;
mod markdown;
mod monitors;
mod password_manager;
mod playbook;
mod programs;
mod relay;
mod reminders;
mod report;
mod rotation;
mod sending;
mod shells;
mod sign_in;
mod tokens;
