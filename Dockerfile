# A small image: the binary, libc and the certificates of authorities; no shell, no package manager, no root.
#
#   docker build -t accordant --build-arg ACCORDANT_COMMIT=$(git rev-parse HEAD) .
#
# For several architectures, on a builder that has them: docker buildx build --platform linux/amd64,linux/arm64 ...
# With a list of what is in it and where it comes from: docker buildx build --sbom=true --provenance=mode=max ...
# Reproducible as far as the base images are: pin both by digest, and set SOURCE_DATE_EPOCH to the time of the commit.
ARG RUST_IMAGE=rust:1.95-slim-bookworm
ARG BASE_IMAGE=gcr.io/distroless/cc-debian12:latest

FROM ${RUST_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
ARG ACCORDANT_COMMIT=unknown
# no path of this stage in the binary
ENV RUSTFLAGS="--remap-path-prefix=/src=. --remap-path-prefix=/usr/local/cargo=cargo"
RUN ACCORDANT_COMMIT=$ACCORDANT_COMMIT cargo build --profile dist --locked && mkdir /data

FROM ${BASE_IMAGE}
ARG ACCORDANT_COMMIT=unknown
ARG ACCORDANT_VERSION=0.1.0
LABEL org.opencontainers.image.title="Accordant" \
      org.opencontainers.image.description="A schema registry that answers as Confluent's does" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${ACCORDANT_VERSION}" \
      org.opencontainers.image.revision="${ACCORDANT_COMMIT}"
COPY --from=build /src/target/dist/accordant /usr/local/bin/accordant
COPY --from=build /src/LICENSE /usr/share/doc/accordant/LICENSE
COPY --from=build --chown=10001:10001 /data /data
# a number, so that Kubernetes can see that it is not root
USER 10001:10001
WORKDIR /data
VOLUME /data
ENV ACCORDANT_LISTEN=0.0.0.0:8081
# containers have limits of memory: what is freed goes back to the system at once (docs/limits.md)
ENV MIMALLOC_PURGE_DELAY=0
EXPOSE 8081
HEALTHCHECK --interval=10s --timeout=4s --start-period=30s CMD ["/usr/local/bin/accordant", "ping"]
ENTRYPOINT ["/usr/local/bin/accordant"]
