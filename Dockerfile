# One image for every process of production: docker-compose.yml says which command each container runs.

FROM python:3.12-slim AS build
RUN apt-get update && apt-get install -y --no-install-recommends gettext && rm -rf /var/lib/apt/lists/*
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /app
COPY requirements/base.txt requirements/base.txt
RUN pip install --quiet --require-hashes --only-binary :all: -r requirements/base.txt
COPY manage.py pyproject.toml LICENSE* ./
COPY accounts accounts
COPY campaigns campaigns
COPY locale locale
COPY mailmerge mailmerge
COPY microsoft_graph microsoft_graph
COPY postmark postmark
COPY static static
COPY templates templates
COPY tracking tracking
RUN find locale -name '*.po' -exec sh -c 'msgfmt --output-file="${1%.po}.mo" "$1"' _ {} \;
# Settings refuse to load without secrets: these are made for this step and thrown away with it.
RUN APP_URL=https://build.invalid TRACKING_URL=https://build.invalid \
    SECRET_KEY="$(python -c 'import secrets; print(secrets.token_urlsafe(48))')" \
    ENCRYPTION_KEYS="$(python -c 'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')" \
    TRACKING_KEYS="$(python -c 'import secrets; print(secrets.token_hex(32))')" \
    SUPPRESSION_KEY="$(python -c 'import secrets; print(secrets.token_hex(32))')" \
    DATABASE_URL=postgresql://build@127.0.0.1/build REDIS_URL=redis://127.0.0.1/0 \
    MICROSOFT_CLIENT_ID=build MICROSOFT_CLIENT_SECRET=build POSTMARK_SERVER_TOKEN=build \
    python manage.py collectstatic --no-input --verbosity 0

FROM python:3.12-slim
RUN useradd --system --uid 10001 --no-create-home --home-dir /app mailmerge \
    && install -d -o mailmerge -g mailmerge -m 700 /data/uploads /data/spool
COPY --from=build /opt/venv /opt/venv
COPY --from=build /app /app
WORKDIR /app
ENV PATH=/opt/venv/bin:$PATH PYTHONUNBUFFERED=1 UPLOAD_DIR=/data/uploads SPOOL_DIR=/data/spool
USER mailmerge
EXPOSE 8000 8001
# No access log: its lines would hold the visitors' addresses and what they searched for.
CMD ["granian", "--interface", "wsgi", "--no-access-log", "--host", "0.0.0.0", "--port", "8000", "--no-ws", "--workers", "2", "--blocking-threads", "8", "mailmerge.wsgi:application"]
