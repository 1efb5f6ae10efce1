#!/bin/sh
# mailgrant's records in HashiCorp Vault, in a key/value engine of version 2. VAULT_ADDR and VAULT_TOKEN say where and as whom.
# Not run by mailgrant's tests.
set -eu
mount=${VAULT_MOUNT:-secret}
folder=${VAULT_FOLDER:-mailgrant}

# vault ends with status 2 whether there is nothing or it may not look: its words tell.
or_absent() {
  status=0
  "$@" 2>/dev/null || status=$?
  [ "$status" -ne 0 ] || return 0
  words=$("$@" 2>&1 >/dev/null) || true
  case $words in
    *'No value found'*) exit 44 ;;
    *)
      printf '%s\n' "$words" >&2
      exit "$status"
      ;;
  esac
}

case $1 in
  get) or_absent vault kv get -mount="$mount" -field=record "$folder/$2" ;;
  put) vault kv put -mount="$mount" "$folder/$2" record=- >/dev/null ;;
  delete)
    or_absent vault kv get -mount="$mount" -field=record "$folder/$2" >/dev/null
    # All versions: an old refresh token is a secret too.
    vault kv metadata delete -mount="$mount" "$folder/$2" >/dev/null
    ;;
  *) exit 2 ;;
esac
