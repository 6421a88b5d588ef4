# Two images from one environment: `target`, the hardened backend, and `load`, the load generator.
# No image starts a weak level: the entry point fixes the treatment, whatever the container is told, and target_app
# itself refuses weak levels on an address that is not loopback.
FROM python:3.11.11-slim-bookworm AS environment
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
COPY requirements.lock /build/
RUN python -m venv /opt/venv \
 && /opt/venv/bin/pip install --require-hashes --only-binary :all: -r /build/requirements.lock \
 && /opt/venv/bin/python -m compileall -q /opt/venv

FROM python:3.11.11-slim-bookworm AS base
RUN groupadd --gid 10001 app && useradd --uid 10001 --gid app --no-create-home --home-dir /nonexistent app
COPY --from=environment /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PYTHONPATH=/app
WORKDIR /app

FROM base AS load
COPY security security
COPY loadtests loadtests
RUN python -m compileall -q .
USER 10001:10001
EXPOSE 8089
ENTRYPOINT ["locust", "-f", "loadtests/locustfile.py"]

FROM base AS target
COPY target_app target_app
# Volumes take the owner of the folder that they are mounted over.
RUN python -m compileall -q . && install -d -o app -g app -m 0755 /var/lib/target /secrets
USER 10001:10001
EXPOSE 8000
ENTRYPOINT ["/usr/bin/env", "TARGET_TREATMENT=hardened", "python", "-m", "target_app"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
