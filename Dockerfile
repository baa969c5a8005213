# Three stages: the pinned dependencies (changes rarely, cached), the wheel (changes with the source), and what runs.
# The source is never in the image, only the installed package.

FROM python:3.11-slim-bookworm AS dependencies
# What runs needs no pip, no test of a library, and no map for a debugger of its scripts: a fifth of the size.
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=/build/constraints.txt
WORKDIR /build
COPY constraints.txt pyproject.toml ./
RUN python -c "import tomllib; print(*tomllib.load(open('pyproject.toml', 'rb'))['project']['dependencies'], sep='\n')" > requirements.txt \
 && python -m venv --without-pip /opt/livepairs \
 && python -m pip --python /opt/livepairs/bin/python install --requirement requirements.txt \
 && find /opt/livepairs \( -type d -name tests -o -type f -name '*.map' \) -prune -exec rm -r {} +

FROM python:3.11-slim-bookworm AS wheel
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_CONSTRAINT=/build/constraints.txt
WORKDIR /build
COPY constraints.txt pyproject.toml README.md LICENSE ./
COPY recordings/demo recordings/demo
COPY livepairs livepairs
RUN python -m pip wheel --no-deps --wheel-dir /wheel .

FROM python:3.11-slim-bookworm AS runtime
LABEL org.opencontainers.image.title="livepairs" \
      org.opencontainers.image.description="Live and replayed pairs of crypto perpetuals" \
      org.opencontainers.image.licenses="BSD-3-Clause"
RUN groupadd --gid 10001 livepairs \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin livepairs \
 && install --directory --owner=livepairs --group=root --mode=775 /recordings
# The dependencies are a layer of their own: a new version of livepairs moves some megabytes, not all of them.
COPY --from=dependencies /opt/livepairs /opt/livepairs
RUN --mount=type=bind,from=wheel,source=/wheel,target=/wheel \
    python -m pip --python /opt/livepairs/bin/python install --no-cache-dir --no-deps --no-index /wheel/*.whl
# The root file system may be read-only: compiled kernels are cached under /tmp, recordings live in the volume.
# A home, for whoever runs it as a user of another number, who has none: Panel does not begin without one.
ENV PATH=/opt/livepairs/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 XDG_CACHE_HOME=/tmp/cache HOME=/tmp \
    LIVEPAIRS_RECORDINGS=/recordings
USER 10001:10001
WORKDIR /recordings
VOLUME ["/recordings"]
EXPOSE 5006
# Python stops on an interrupt also as process 1, and then everything received so far is safe on disk.
STOPSIGNAL SIGINT
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:5006/healthz', timeout=4)"]
ENTRYPOINT ["livepairs"]
# Inside a container every address is the container's own; what the host publishes decides who can reach it.
CMD ["demo", "--no-browser", "--address", "0.0.0.0", "--insecure-public", "--port", "5006"]
