#!/bin/sh
# mailgrant's records in pass (https://www.passwordstore.org), in its folder mailgrant.
set -eu
folder=${PASSWORD_STORE_DIR:-$HOME/.password-store}/mailgrant

there() {
  [ -e "$folder/$1.gpg" ]
}

case $1 in
  get)
    there "$2" || exit 44
    pass show "mailgrant/$2"
    ;;
  put)
    pass insert --multiline --force "mailgrant/$2" >/dev/null
    ;;
  delete)
    there "$2" || exit 44
    pass rm --force "mailgrant/$2" >/dev/null
    ;;
  list)
    for file in "$folder"/*.gpg; do
      [ -e "$file" ] || continue
      basename "$file" .gpg
    done
    ;;
  *) exit 2 ;;
esac
