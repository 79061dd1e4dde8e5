#!/bin/sh
# Writes nginx's configuration for Likeness into the folder OUT: render.sh OUT
#
#   PUBLIC_URL       what people type (needed)        TLS              on or off, where another proxy brings it (on)
#   LIKENESS_WEB     the web server (127.0.0.1:8000)  CERTIFICATES     folder of fullchain.pem, privkey.pem (/certificates)
#   GALLERY_DATA     the data folder (/data)          STATIC_ROOT      the collected static files (/app/staticfiles)
#   HTTP_PORT, HTTPS_PORT (8080, 8443)                MAX_UPLOAD_MB    largest file (2000)
#   RUN              temporary files (/tmp/nginx)     LOG_FORMAT       plain or json (plain)
#   ACCESS_LOG, ERROR_LOG (/dev/stdout, stderr)       CA_CERTIFICATES  whom to believe about an S3 store
#   RESOLVER         address of the name server (the first in /etc/resolv.conf)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
: "${1:?usage: render.sh OUT}" "${PUBLIC_URL:?PUBLIC_URL must be set, such as https://photos.example.org}"
mkdir -p "$1"
out=$(cd "$1" && pwd)
ca=${CA_CERTIFICATES:-/etc/ssl/certs/ca-certificates.crt}
[ -r "$ca" ] || { echo "There is no $ca: install the package ca-certificates, or set CA_CERTIFICATES." >&2; exit 1; }

user=""
[ "$(id -u)" != 0 ] || user="user ${NGINX_USER:-www-data};"

modules=""
brotli="# Brotli is not installed (Debian: libnginx-mod-http-brotli-filter); gzip does."
for folder in /usr/lib/nginx/modules /etc/nginx/modules; do
    if [ -e "$folder/ngx_http_brotli_filter_module.so" ]; then
        modules="load_module $folder/ngx_http_brotli_filter_module.so;"
        brotli="brotli on; brotli_comp_level 5; brotli_min_length 1000; brotli_types text/css text/javascript text/plain text/xml application/javascript application/json application/manifest+json image/svg+xml;"
        break
    fi
done

server=${RESOLVER:-$(sed -n 's/^nameserver *//p' /etc/resolv.conf 2>/dev/null | head -n 1)}
case "$server" in *:*:*) server="[$server]" ;; esac
resolver=""
[ -z "$server" ] || resolver="resolver $server valid=10s;"

# `s` NAME VALUE: one command of the sed script that fills the templates in.
s() {
    printf 's|@%s@|%s|g\n' "$1" "$(printf '%s' "$2" | sed 's/[\\&|]/\\&/g')"
}
script=$(
    s OUT "$out"
    s USER "$user"
    s MODULES "$modules"
    s BROTLI "$brotli"
    s RESOLVER "$resolver"
    s PUBLIC_URL "${PUBLIC_URL%/}"
    s WEB "${LIKENESS_WEB:-127.0.0.1:8000}"
    s DATA "${GALLERY_DATA:-/data}"
    s STATIC "${STATIC_ROOT:-/app/staticfiles}"
    s CERTIFICATES "${CERTIFICATES:-/certificates}"
    s HTTP_PORT "${HTTP_PORT:-8080}"
    s HTTPS_PORT "${HTTPS_PORT:-8443}"
    # A file comes with a few fields around it.
    s MAX_UPLOAD_MB "$((${MAX_UPLOAD_MB:-2000} + 1))"
    s RUN "${RUN:-/tmp/nginx}"
    s LOG_FORMAT "${LOG_FORMAT:-plain}"
    s ACCESS_LOG "${ACCESS_LOG:-/dev/stdout}"
    s ERROR_LOG "${ERROR_LOG:-stderr}"
    s CA_CERTIFICATES "$ca"
)
case "${TLS:-on}" in
    on) servers=servers-tls ;;
    off) servers=servers-plain ;;
    *) echo "TLS must be on or off, not $TLS." >&2; exit 1 ;;
esac
for name in nginx likeness locations media-headers; do
    sed "$script" "$here/$name.conf.template" >"$out/$name.conf"
done
sed "$script" "$here/$servers.conf.template" >"$out/servers.conf"
