"""Microsoft's own libraries for Python get an app's own tokens from the practice tenant, by each kind of credential.

usage: python credentials.py CONFIG.json
CONFIG: { authority, tenant, ca, client_id, secret, key, certificate, both, token_file, scope,
          identity: { client_id, metadata, app_service: [endpoint, header], machine_learning: [endpoint, secret] } }
`key` and `certificate` are files in PEM, `both` is one with both, and `token_file` holds an outside issuer's token.
The output is { KIND: access token }.
"""

import json
import os
import sys

import azure.identity as azure
import msal
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificate

EXCHANGE = "api://AzureADTokenExchange"


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def by_msal(config):
    """MSAL for Python: a certificate with PS256 and x5t#S256, with RS256 and x5t, and an assertion of another's."""
    key, certificate = read(config["key"]), read(config["certificate"])
    thumbprint = load_pem_x509_certificate(certificate.encode()).fingerprint(hashes.SHA1()).hex()
    credentials = {
        "msal-ps256": {"private_key": key, "public_certificate": certificate},
        "msal-rs256": {"private_key": key, "thumbprint": thumbprint},
        "msal-assertion": {"client_assertion": lambda: read(config["token_file"])},
    }
    tokens = {}
    for kind, credential in credentials.items():
        app = msal.ConfidentialClientApplication(
            config["client_id"],
            client_credential=credential,
            authority=f"{config['authority']}/{config['tenant']}",
            instance_discovery=False,
            verify=config["ca"],
        )
        answer = app.acquire_token_for_client([config["scope"]])
        assert answer.get("token_type") == "Bearer", f"{kind}: {answer}"
        assert "refresh_token" not in answer, kind
        tokens[kind] = answer["access_token"]
    return tokens


def identity(environment, **options):
    """The token of the machine's managed identity, where `environment` says what machine it is."""
    names = ["AZURE_POD_IDENTITY_AUTHORITY_HOST", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT", "MSI_SECRET"]
    for name in names:
        os.environ.pop(name, None)
    os.environ.update(environment)
    return azure.ManagedIdentityCredential(**options).get_token(f"{EXCHANGE}/.default").token


def by_azure_identity(config):
    """azure-identity: a secret, a certificate, a token file, and a managed identity that is the app's credential."""
    ours = {
        "authority": config["authority"],
        "disable_instance_discovery": True,
        "connection_verify": config["ca"],
    }
    app = (config["tenant"], config["client_id"])
    machine = config["identity"]
    named = {"client_id": machine["client_id"]}
    (endpoint, header), (ml_endpoint, secret) = machine["app_service"], machine["machine_learning"]
    machines = {
        "azure-imds": ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine["metadata"]}, named),
        "azure-app-service": ({"IDENTITY_ENDPOINT": endpoint, "IDENTITY_HEADER": header}, named),
        "azure-machine-learning": ({"MSI_ENDPOINT": ml_endpoint, "MSI_SECRET": secret}, named),
        "azure-imds-only-one": ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": machine["metadata"]}, {}),
    }
    credentials = {
        "azure-secret": azure.ClientSecretCredential(*app, config["secret"], **ours),
        "azure-certificate": azure.CertificateCredential(*app, config["both"], **ours),
        "azure-workload": azure.WorkloadIdentityCredential(
            tenant_id=app[0], client_id=app[1], token_file_path=config["token_file"], **ours
        ),
    }
    for kind, (environment, options) in machines.items():
        token = identity(environment, **options)
        credentials[kind] = azure.ClientAssertionCredential(*app, lambda token=token: token, **ours)
    return {kind: credential.get_token(config["scope"]).token for kind, credential in credentials.items()}


def main():
    config = json.loads(read(sys.argv[1]))
    print(json.dumps({**by_msal(config), **by_azure_identity(config)}))


if __name__ == "__main__":
    main()
