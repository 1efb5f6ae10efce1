mod ask;
mod failures;
mod kit;
mod looks;
