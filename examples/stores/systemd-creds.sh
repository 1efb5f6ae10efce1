#!/bin/sh
# mailgrant's records as files that systemd-creds(1) encrypts with the machine's key (and its TPM where it has one): nothing but
# this machine, and root on it, opens them.
set -eu
folder=${CREDENTIALS_FOLDER:-/var/lib/mailgrant/credentials}

# A credential's name has no colon.
credential() {
  printf '%s' "$1" | tr ':' '.'
}

name=$(credential "${2:-}")
file=$folder/$name.cred
case $1 in
  get)
    [ -e "$file" ] || exit 44
    systemd-creds decrypt --name="$name" "$file" -
    ;;
  put)
    umask 077
    mkdir -p "$folder"
    # Beside it and then in its place: a reader finds the old record or the new one.
    systemd-creds encrypt --name="$name" - "$file.new"
    sync "$file.new"
    mv "$file.new" "$file"
    ;;
  delete)
    [ -e "$file" ] || exit 44
    rm "$file"
    ;;
  list)
    for file in "$folder"/*.cred; do
      [ -e "$file" ] || continue
      basename "$file" .cred | sed 's/\./:/'
    done
    ;;
  *) exit 2 ;;
esac
