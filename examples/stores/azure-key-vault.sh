#!/bin/sh
# mailgrant's records as secrets of an Azure Key Vault, whose name AZURE_KEY_VAULT says; az is signed in, as with a managed
# identity. Names of secrets have letters, digits and dashes alone, so that others are written as their number.
# Not run by mailgrant's tests.
set -eu
vault=$AZURE_KEY_VAULT

# mailbox:shop.a becomes mailgrant-mailbox-x3a-shop-x2e-a
secret_name() {
  printf 'mailgrant-'
  printf '%s' "$1" | sed 's/-/-x2d-/g; s/:/-x3a-/g; s/\./-x2e-/g; s/_/-x5f-/g' | awk '{
    # The names of secrets do not differ by case.
    for (i = 1; i <= length($0); i++) {
      c = substr($0, i, 1)
      printf "%s", (c ~ /[A-Z]/) ? "-u" tolower(c) "-" : c
    }
  }'
}

there() {
  # In two steps: what fails must not look like an empty vault.
  all=$(az keyvault secret list --vault-name "$vault" --query '[].name' --output tsv)
  printf '%s\n' "$all" | grep -qxF -- "$1"
}

name=$(secret_name "$2")
case $1 in
  get)
    there "$name" || exit 44
    az keyvault secret show --vault-name "$vault" --name "$name" --query value --output tsv
    ;;
  put) az keyvault secret set --vault-name "$vault" --name "$name" --file /dev/stdin --encoding utf-8 --output none ;;
  delete)
    there "$name" || exit 44
    # Where the vault keeps what was deleted, the name is free again once that is purged or recovered.
    az keyvault secret delete --vault-name "$vault" --name "$name" --output none
    ;;
  *) exit 2 ;;
esac
