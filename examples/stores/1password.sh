#!/bin/sh
# mailgrant's records in 1Password, as documents in one of its vaults. Needs op and jq; op signs in with
# OP_SERVICE_ACCOUNT_TOKEN or with the desktop app. Not run by mailgrant's tests.
set -eu
vault=${OP_VAULT:-mailgrant}

names() {
  op document list --vault "$vault" --format json | jq -r '.[].title'
}

there() {
  # In two steps: what fails must not look like an empty vault.
  all=$(op document list --vault "$vault" --format json)
  printf '%s\n' "$all" | jq -e --arg title "$1" 'any(.[]; .title == $title)' >/dev/null
}

case $1 in
  get)
    there "$2" || exit 44
    op document get "$2" --vault "$vault"
    ;;
  put)
    if there "$2"; then
      op document edit "$2" - --vault "$vault" >/dev/null
    else
      op document create - --title "$2" --file-name record.json --vault "$vault" >/dev/null
    fi
    ;;
  delete)
    there "$2" || exit 44
    op document delete "$2" --vault "$vault"
    ;;
  list) names ;;
  *) exit 2 ;;
esac
