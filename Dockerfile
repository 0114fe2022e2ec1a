# The image of Assay: one executable on distroless glibc, as an ordinary user, without a shell.
#
#     docker build --tag assay .

FROM oven/bun:1.4.5-slim AS build
WORKDIR /src
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --ignore-scripts
COPY . .
ARG ASSAY_COMMIT=unknown
RUN ASSAY_COMMIT=$ASSAY_COMMIT bun scripts/build.ts --outfile /out/usr/bin/assay

FROM gcr.io/distroless/base-nossl-debian12:nonroot
ARG ASSAY_VERSION=0.1.0
ARG ASSAY_COMMIT=unknown
LABEL org.opencontainers.image.title="assay" \
      org.opencontainers.image.description="Runs Lua 5.5 scripts and YAML checks" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="$ASSAY_VERSION" \
      org.opencontainers.image.revision="$ASSAY_COMMIT"
COPY --from=build /out/usr/bin/assay /usr/bin/assay
USER 65532:65532
ENTRYPOINT ["/usr/bin/assay"]
CMD ["--help"]
