# Front-end files from npm, pinned by the lock file.
FROM node:20-bookworm-slim AS assets
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM python:3.11-slim-bookworm
ENV PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 \
    WANGGE_HOME=/tmp/wangge NUMBA_CACHE_DIR=/var/cache/wangge
# GDAL inside rasterio wants libexpat; pictures of maps want a font with Chinese characters.
RUN apt-get update && apt-get install --yes --no-install-recommends libexpat1 fontconfig fonts-noto-cjk \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /srv/wangge
COPY requirements.lock ./
RUN pip install --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY geo geo
COPY api api
COPY maps maps
COPY data data
COPY --from=assets /build/node_modules node_modules
# The kernels are compiled here once, so that a container with a read-only file system starts at full speed.
RUN python -m maps.assets && rm -r node_modules \
    && pip install --no-deps --no-build-isolation --editable . \
    && useradd --system --create-home wangge \
    && mkdir -p "$NUMBA_CACHE_DIR" && python -c "from geo.analysis import clusters; from geo.space import locator; locator.warm_up(); clusters.warm_up()" \
    && chmod -R a+rX "$NUMBA_CACHE_DIR"
USER wangge
EXPOSE 8000
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/readyz', timeout=4)"]
CMD ["sh", "-c", "wangge db migrate && exec wangge serve"]
