# A worker, with the newest of PostgreSQL's client programs: pg_dump dumps older servers too.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json tsconfig.build.json ./
RUN npm ci
COPY src src
COPY workflows workflows
COPY activities activities
COPY scripts scripts
RUN npm run build && npm prune --omit=dev

FROM node:22-bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends postgresql-common ca-certificates pigz zstd lz4 \
 && /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y \
 && apt-get install -y --no-install-recommends postgresql-client-18 \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /app
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY deploy deploy
COPY package.json ./
RUN ln -s /app/dist/holdfast.cjs /usr/local/bin/holdfast \
 && useradd --create-home --uid 10001 holdfast \
 && install -d -o holdfast -g holdfast -m 0700 /backups
USER holdfast
ENV BACKUP_DIR=/backups
VOLUME /backups
ENTRYPOINT ["holdfast"]
CMD ["worker"]
