#!/bin/sh
# Starts nginx for Likeness in the foreground; render.sh lists the settings. Where TLS is on and there is no
# certificate yet, one is made that browsers warn of: put a real one in its place and restart.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
export RUN="${RUN:-/tmp/nginx}" CERTIFICATES="${CERTIFICATES:-/certificates}"
mkdir -p "$RUN"

if [ "${TLS:-on}" = on ]; then
    mkdir -p "$CERTIFICATES/acme"
    if [ ! -e "$CERTIFICATES/fullchain.pem" ]; then
        host=$(printf '%s' "${PUBLIC_URL:?}" | sed -e 's|^[a-z]*://||' -e 's|[:/].*$||')
        case "$host" in
            *[!0-9.]*) name="DNS:$host" ;;
            *) name="IP:$host" ;;
        esac
        echo "Making a certificate for $host that nobody has signed; browsers will warn." >&2
        umask 077
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 825 \
            -subj "/CN=$host" -addext "subjectAltName=$name" \
            -keyout "$CERTIFICATES/privkey.pem" -out "$CERTIFICATES/fullchain.pem" 2>/dev/null
        umask 022
    fi
fi

sh "$here/render.sh" "$RUN/conf"
exec nginx -c "$RUN/conf/nginx.conf" -g "daemon off;"
