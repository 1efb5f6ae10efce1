#!/bin/sh
# mailgrant's records in gopass (https://www.gopass.pw), in its folder mailgrant. Not run by mailgrant's tests.
set -eu

names() {
  gopass ls --flat | sed -n 's|^mailgrant/||p'
}

there() {
  # In two steps: what fails must not look like an empty store.
  all=$(names)
  printf '%s\n' "$all" | grep -qxF -- "$1"
}

case $1 in
  get)
    there "$2" || exit 44
    gopass cat "mailgrant/$2"
    ;;
  put) gopass cat "mailgrant/$2" >/dev/null ;;
  delete)
    there "$2" || exit 44
    gopass rm --force "mailgrant/$2" >/dev/null
    ;;
  list) names ;;
  *) exit 2 ;;
esac
