# Builds the binary and puts it into a small image that runs without root.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG ACCORDANT_COMMIT=unknown
RUN ACCORDANT_COMMIT=$ACCORDANT_COMMIT cargo build --release --locked

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --home-dir /data --create-home accordant
COPY --from=build /src/target/release/accordant /usr/local/bin/accordant
USER accordant
WORKDIR /data
VOLUME /data
ENV ACCORDANT_LISTEN=0.0.0.0:8081
# containers have limits of memory: what is freed goes back to the system at once (docs/limits.md)
ENV MIMALLOC_PURGE_DELAY=0
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=4s CMD ["accordant", "ping"]
ENTRYPOINT ["accordant"]
