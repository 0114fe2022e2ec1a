# The image of Assay: one executable on distroless glibc, as an ordinary user, without a shell.
#
#     docker build --tag assay --build-arg ASSAY_COMMIT=$(git rev-parse --short=12 HEAD) .
#
# For several platforms each is built on its own (with buildx, emulated or on a machine of its kind): what is compiled is
# tried in the build.

FROM oven/bun:1.4.5-slim AS build
WORKDIR /src
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile --ignore-scripts
COPY . .
ARG ASSAY_COMMIT=unknown
# When that commit was made, in seconds since 1970: the bill of materials says it.
ARG SOURCE_DATE_EPOCH=0
ENV ASSAY_COMMIT=$ASSAY_COMMIT SOURCE_DATE_EPOCH=$SOURCE_DATE_EPOCH
RUN mkdir -p /out/usr/share/doc/assay \
 && bun scripts/build.ts --profile --outfile /out/usr/bin/assay \
 && bun scripts/sbom.ts > /out/usr/share/doc/assay/assay.cdx.json \
 && bun scripts/notices.ts > /out/usr/share/doc/assay/THIRD-PARTY-NOTICES.txt \
 && cp LICENSE /out/usr/share/doc/assay/

FROM gcr.io/distroless/base-nossl-debian12:nonroot
ARG ASSAY_VERSION=0.1.0
ARG ASSAY_COMMIT=unknown
ARG ASSAY_SOURCE=
LABEL org.opencontainers.image.title="assay" \
      org.opencontainers.image.description="Runs Lua 5.5 scripts and YAML checks" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.source="$ASSAY_SOURCE" \
      org.opencontainers.image.version="$ASSAY_VERSION" \
      org.opencontainers.image.revision="$ASSAY_COMMIT"
COPY --from=build /out/ /
WORKDIR /work
USER 65532:65532
ENTRYPOINT ["/usr/bin/assay"]
CMD ["--help"]
