# Not run yet where this was written: no container engine was at hand; the health check was tried by itself. Needs BuildKit.
FROM --platform=$BUILDPLATFORM mcr.microsoft.com/dotnet/sdk:10.0 AS build
ARG TARGETARCH
WORKDIR /source
COPY . .
RUN dotnet publish src/Ingestion -c Release -a $TARGETARCH --self-contained false -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN mkdir /data && chown app:app /data
USER app
VOLUME /data
EXPOSE 8000
# The image has neither curl nor wget.
HEALTHCHECK --interval=15s --timeout=5s --start-period=30s CMD ["/bin/bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/$PORT && printf 'GET /health/live HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3 && read -r line <&3 && [[ $line == *' 200 '* ]]"]
ENTRYPOINT ["/app/Ingestion"]
