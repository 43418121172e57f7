# A node of ratedip, as docs/deploy.md runs it: docker build -t ratedip:0.1.0 .
# Where there is no engine, `make image` builds the same with Debian's buildah.
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements/run.lock requirements/
RUN python3 -m venv /opt/ratedip \
 && /opt/ratedip/bin/pip install --no-cache-dir --no-compile --require-hashes -r requirements/run.lock
COPY pyproject.toml README.md LICENSE NOTICE ./
COPY ratecards ratecards
COPY service service
# Compiled here, once and for all, as nothing may be written where it runs.
RUN /opt/ratedip/bin/pip install --no-cache-dir --no-compile --no-deps --no-build-isolation . \
 && /opt/ratedip/bin/pip uninstall -q -y pip \
 && /opt/ratedip/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/ratedip/lib

FROM python:3.11-slim-bookworm
COPY --from=build /opt/ratedip /opt/ratedip
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/ratedip --shell /usr/sbin/nologin ratedip \
 && install -d -o ratedip -g ratedip -m 750 /var/lib/ratedip
ENV PATH=/opt/ratedip/bin:/usr/local/bin:/usr/bin:/bin \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    RATEDIP_DATA=/var/lib/ratedip \
    RATEDIP_HOST=0.0.0.0 \
    RATEDIP_ADMIN_HOST=0.0.0.0
# Whatever is written is written there; everything else may be mounted read-only.
VOLUME /var/lib/ratedip
USER 10001:10001
EXPOSE 8080 9180
STOPSIGNAL SIGTERM
# Whether it lives, not whether it is ready: a node without a card is not helped by being started anew.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
    CMD ["python", "-I", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ.get(\"RATEDIP_PORT\", 8080)}/livez', timeout=2)"]
ENTRYPOINT ["ratedip"]
CMD ["serve"]
