#!/bin/sh
# Makes .env and the folder secrets for docker-compose.yml, once; what is there already stays as it is.
# init.sh [FOLDER]: another folder than that of docker-compose.yml.
set -eu
home=$(cd "$(dirname "$0")/.." && pwd)
cd "${1:-$home}"
[ -e .env ] || cp "$home/.env.example" .env
umask 077
mkdir -p secrets
for name in database_password admin_password metrics_token; do
    [ -e "secrets/$name" ] || od -An -N24 -tx1 /dev/urandom | tr -d ' \n' >"secrets/$name"
done
[ -e secrets/storage_secret_key ] || : >secrets/storage_secret_key
# Containers run under other users, so the files can be read; the folder keeps this machine's users out.
chmod 0444 secrets/*
echo "Set PUBLIC_URL in .env. The password of admin is in secrets/admin_password."
