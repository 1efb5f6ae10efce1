"""Google's own library for Python gets tokens of a mailbox's user from the practice tenant, as a service account.

usage: python service_accounts.py CONFIG.json
CONFIG: { ca, key_file, external_account, subject, scope, google }
`key_file` holds the account's key, `external_account` the configuration that stands for one; `google` is the address
that Google's endpoints have here. The output is { KIND: access token }.
"""

import json
import sys

import google.auth.impersonated_credentials as impersonated
import requests
from google.auth import exceptions, iam, identity_pool
from google.auth.transport.requests import Request
from google.oauth2 import service_account

CLOUD = "https://www.googleapis.com/auth/cloud-platform"


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        config = json.load(file)
    session = requests.Session()
    session.verify = config["ca"]
    request = Request(session)

    key = service_account.Credentials.from_service_account_file(
        config["key_file"], scopes=[config["scope"]], subject=config["subject"]
    )
    key.refresh(request)

    # To a scope that was not delegated, the answer is no.
    try:
        key.with_scopes(["https://www.googleapis.com/auth/drive"]).refresh(request)
    except exceptions.RefreshError as error:
        assert "unauthorized_client" in str(error), error
    else:
        raise AssertionError("a scope that was not delegated was granted")

    # Of the library's addresses these two cannot be configured.
    impersonated._GOOGLE_OAUTH2_TOKEN_ENDPOINT = f"{config['google']}/token"
    iam._IAM_SIGNJWT_ENDPOINT = f"{config['google']}/v1/projects/-/serviceAccounts/{{}}:signJwt"
    with open(config["external_account"], encoding="utf-8") as file:
        info = json.load(file)
    account = info.pop("service_account_impersonation_url").rsplit("/", 1)[1].split(":")[0]
    source = identity_pool.Credentials.from_info(info, scopes=[CLOUD])
    source.refresh(request)
    keyless = impersonated.Credentials(source, account, [config["scope"]], subject=config["subject"])
    keyless.refresh(request)
    print(json.dumps({"service-account": key.token, "external-account": keyless.token}))


if __name__ == "__main__":
    main()
