//! What fuzzing reaches of this module: the readers of token responses and metadata.

use super::discovery::{self, Endpoints};
use super::token_response::{self, TokenResponse};
use crate::failure::Failure;
use crate::net::HttpResponse;
use crate::profile::EndpointUrl;
use crate::transcript::Transcript;

/// Reads a token endpoint's answer.
///
/// # Errors
/// As the reader's.
pub fn read_token_answer(transcript: &Transcript, answer: HttpResponse) -> Result<TokenResponse, Failure> {
    token_response::read(transcript, answer)
}

/// Reads an issuer's metadata.
///
/// # Errors
/// As the reader's.
pub fn read_metadata(
    transcript: &Transcript,
    answer: &HttpResponse,
    issuer: &EndpointUrl,
) -> Result<Endpoints, Failure> {
    discovery::read(transcript, answer, issuer)
}
