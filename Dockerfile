# anthropic-max-proxy as a container: `docker build -t anthropic-max-proxy .`
# What it promises, and how it is run: docs/deployment.md.

ARG PYTHON_VERSION=3.12

# The wheel is built as for every other installation, and only the environment it was
# installed into is carried over: no sources, no pip cache, no build tools.
FROM python:${PYTHON_VERSION}-slim AS build
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY addons addons
# --without-pip: what runs needs no installer; the image's own pip fills it from outside.
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
 && python -m venv --without-pip /opt/anthropic-max-proxy \
 && pip --python /opt/anthropic-max-proxy/bin/python install --no-cache-dir /wheels/*.whl

FROM python:${PYTHON_VERSION}-slim
# A number, so that Kubernetes can see that it is not root. Its home is the volume: the
# login, a stored API key, the list of models and mitmproxy's own files go there, and
# nothing else is ever written. The root file system may be read-only.
RUN groupadd --gid 10001 maxproxy \
 && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home \
      --shell /usr/sbin/nologin maxproxy \
 && install --directory --owner 10001 --group 10001 --mode 0700 /data
COPY --from=build /opt/anthropic-max-proxy /opt/anthropic-max-proxy
# Every interface, because loopback would be the container's own. Whoever can reach the
# port can spend your tokens: publish it on 127.0.0.1 of the host, or demand a key of
# your own (ANTHROPIC_PROXY_LOCAL_KEY). A subscription login is refused without one.
# The drain is as long as an answer may take; the stop must be given a little more.
ENV PATH=/opt/anthropic-max-proxy/bin:$PATH \
    HOME=/data \
    PYTHONUNBUFFERED=1 \
    ANTHROPIC_PROXY_HOST=0.0.0.0 \
    ANTHROPIC_PROXY_DRAIN=60
USER 10001:10001
WORKDIR /data
VOLUME /data
EXPOSE 8100
HEALTHCHECK --interval=15s --timeout=5s --start-period=20s --retries=3 \
  CMD ["python", "-c", "import os, urllib.request as r; r.build_opener(r.ProxyHandler({})).open('http://127.0.0.1:' + os.environ.get('ANTHROPIC_PROXY_PORT', '8100') + '/health', timeout=4)"]
# Exec form: the signals reach the proxy itself. No ENTRYPOINT, so that the other command
# can be run as it is: `docker run -it … anthropic-max-proxy-auth login --api-key`.
CMD ["anthropic-max-proxy", "serve"]
