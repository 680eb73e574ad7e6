# A worker, with the newest of PostgreSQL's client programs: pg_dump dumps older servers too. bgzip (package tabix)
# compresses faster than what Node has, and is read back by several threads.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
RUN npm ci
COPY src src
COPY workflows workflows
COPY activities activities
COPY scripts scripts
# Temporal's SDK comes with the libraries of five platforms.
RUN npm run build && npm prune --omit=dev \
 && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 \
      ! -name "$(uname -m)-unknown-linux-gnu" -exec rm -r {} +

FROM node:22-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-common ca-certificates tini tabix zstd lz4 \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install -y --no-install-recommends postgresql-client-18 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY deploy deploy
COPY package.json ./
# A volume takes its owner from the folder that it is mounted over. holdfast.yaml belongs in /etc/holdfast.
RUN ln -s /app/dist/holdfast.cjs /usr/local/bin/holdfast \
 && useradd --create-home --uid 10001 holdfast \
 && install -d -o holdfast -g holdfast -m 0700 /backups /var/lib/holdfast /etc/holdfast
USER holdfast
WORKDIR /etc/holdfast
ENV BACKUP_DIR=/backups HOLDFAST_STATE_DIR=/var/lib/holdfast
VOLUME ["/backups", "/var/lib/holdfast"]
# As process 1, Node would let the ended children of its children stay.
ENTRYPOINT ["tini", "--", "holdfast"]
CMD ["worker"]
