# The bus and its adapters. Nothing secret is in here: settings come from a mounted file and the environment.
ARG PYTHON=docker.io/library/python:3.11-slim-bookworm

FROM ${PYTHON} AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
COPY requirements.lock requirements-build.lock ./
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes --only-binary :all: -r requirements-build.lock \
 && python -m venv /opt/bus && /opt/bus/bin/pip install --require-hashes --only-binary :all: -r requirements.lock
COPY . .
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --no-index --wheel-dir /tmp/wheel . \
 && /opt/bus/bin/pip install --no-deps --no-index /tmp/wheel/*.whl \
 && /opt/bus/bin/pip uninstall --yes pip setuptools

FROM ${PYTHON}
RUN groupadd --gid 10001 bus && useradd --uid 10001 --gid bus --no-create-home --home-dir /var/lib/bus bus \
 && install -d -o bus -g bus -m 0700 /var/lib/bus
COPY --from=build /opt/bus /opt/bus
ENV PATH=/opt/bus/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 10001:10001
WORKDIR /srv/bus
VOLUME /var/lib/bus
STOPSIGNAL SIGTERM
ENTRYPOINT ["bus"]
CMD ["--help"]
