"""MSAL for Python, Microsoft's own library, gets tokens from the practice tenant.

usage: python tokens.py CONFIG.json
CONFIG: { authority or issuer, ca, client_id, secret, redirect_uri, scopes, address }
With an authority it is Entra's, and the app's own token is asked for too; with an issuer, a plain OpenID provider's.
The authorization URL is a line on stderr with two spaces before it; the redirect's address comes back as a line on
stdin. The output is { user, app }: access tokens.
"""

import json
import sys
from urllib.parse import parse_qsl, urlsplit

import msal

OWN = ["https://graph.microsoft.com/.default"]


def granted(answer):
    """The answer, which must be no refusal."""
    assert "access_token" in answer, answer
    assert answer["token_type"] == "Bearer" and answer["expires_in"] > 0, answer
    return answer


def sign_in(app, config):
    """The authorization code grant, with MSAL's own PKCE, state and nonce."""
    # A plain provider grants offline access only where consent is asked for.
    flow = app.initiate_auth_code_flow(config["scopes"], redirect_uri=config["redirect_uri"], prompt="consent")
    print("  " + flow["auth_uri"], file=sys.stderr, flush=True)
    redirect = urlsplit(sys.stdin.readline().strip())
    answer = granted(app.acquire_token_by_auth_code_flow(flow, dict(parse_qsl(redirect.query))))
    assert set(config["scopes"]) <= set(answer["scope"].split()), answer["scope"]
    assert answer["id_token_claims"]["preferred_username"] == config["address"], answer["id_token_claims"]
    return answer["access_token"]


def refreshed(app, scopes, before):
    """A token for the account that MSAL holds, by its refresh token."""
    accounts = app.get_accounts()
    assert len(accounts) == 1, accounts
    answer = granted(app.acquire_token_silent(scopes, accounts[0], force_refresh=True))
    assert answer["token_source"] == "identity_provider", answer["token_source"]
    assert answer["access_token"] != before
    return answer["access_token"]


def own(client, secret):
    """The client credentials grant: with a wrong secret, with the right one, and from MSAL's cache."""
    refused = client(secret[::-1]).acquire_token_for_client(OWN)
    assert refused["error"] == "invalid_client" and refused["error_codes"] == [7000215], refused
    assert refused["correlation_id"] and "AADSTS7000215" in refused["error_description"], refused
    app = client(secret)
    first, second = (granted(app.acquire_token_for_client(OWN)) for _ in range(2))
    assert first["access_token"] == second["access_token"] and second["token_source"] == "cache", second["token_source"]
    return first["access_token"]


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    is_entra = "authority" in config
    # Any other than Microsoft's hosts is asked about at Microsoft unless instance discovery is off.
    at = {"authority": config["authority"], "instance_discovery": False} if is_entra else {"oidc_authority": config["issuer"]}

    def client(secret):
        return msal.ConfidentialClientApplication(
            config["client_id"], client_credential=secret, verify=config["ca"], **at
        )

    app = client(config["secret"])
    user = sign_in(app, config)
    tokens = {"user": refreshed(app, config["scopes"], user)}
    if is_entra:
        tokens["app"] = own(client, config["secret"])
    print(json.dumps(tokens))


if __name__ == "__main__":
    main()
