//! A mailbox over Graph, which is at the other end of a slow line, as the token endpoint is.

use std::time::Duration;

use practice_tenant::world::{SHOP, TENANT_ID};

use super::line::{self, Line};
use super::ours;
use crate::support::fixture::Fixture;
use crate::support::practice::ALWAYS_STALE;
use crate::support::slow_line::SlowLine;

/// TCP and one request, and TLS 1.2 between: the practice tenant has no TLS 1.3, which takes one less.
const ROUND_TRIPS: f64 = 4.0;

/// Measures on lines of this round trip.
pub(super) fn measure(round_trip: Duration) {
    let fixture = Fixture::new();
    let ports = fixture.sandbox().ports();
    let api = SlowLine::start(ports.api, round_trip);
    let tokens = SlowLine::start(ports.https, round_trip);
    let api_url = format!("https://localhost:{}", api.port);
    let authority = format!("https://localhost:{}", tokens.port);
    let far = [("--api-url", Some(api_url.as_str())), ("--authority", Some(authority.as_str()))];
    fixture.add_over_graph("shop", &far).finish().code(0);
    // The sign-in server goes by the name of its line.
    fixture.sandbox().forge_claims(&[("iss", format!("{authority}/{TENANT_ID}/v2.0").into())]);
    fixture.authorize_as("shop", SHOP).code(0);
    let graph = Line { title: "Graph", slow: &api };
    let stored = graph.measure("test-mailbox, token in the store", || ours(&fixture, &["test-mailbox", "shop"]));
    assert_eq!(stored.round_trips, ROUND_TRIPS);
    graph.measure("test-smtp", || ours(&fixture, &["test-smtp", "shop"]));
    graph.measure("test", || ours(&fixture, &["test", "shop"]));

    fixture.sandbox().set_access_lifetime(ALWAYS_STALE);
    fixture.change_grant(|grant| grant.access.clear());
    let endpoint = Line { title: "token endpoint", slow: &tokens };
    let token = endpoint.measure("token, fetched", || ours(&fixture, &["token", "shop"]));
    assert_eq!(token.round_trips, ROUND_TRIPS);
    let both = graph.measure("test-mailbox, token fetched", || ours(&fixture, &["test-mailbox", "shop"]));
    assert_eq!(both.round_trips, ROUND_TRIPS);
    // The request has to wait for the token.
    let slower = (token.median + round_trip).max(stored.median);
    line::print_ratio("test-mailbox to the slower of its sides, token and Graph", both.median, slower);
}
