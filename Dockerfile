# Not run yet where this was written: no container engine was at hand.
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY . .
RUN dotnet publish src/Ingestion -c Release -r linux-x64 --self-contained false -o /app

FROM mcr.microsoft.com/dotnet/aspnet:10.0
WORKDIR /app
COPY --from=build /app .
ENV DATA_DIR=/data HOST=0.0.0.0 PORT=8000
RUN mkdir /data && chown app /data
USER app
VOLUME /data
EXPOSE 8000
ENTRYPOINT ["/app/Ingestion"]
