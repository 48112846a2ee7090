# syntax=docker/dockerfile:1
FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
WORKDIR /source
COPY global.json Directory.Build.props Directory.Packages.props BannedSymbols.txt .editorconfig ./
COPY src ./src
# Compiled ahead of time (ReadyToRun): half of the time to the first reconcile.
RUN dotnet publish src/Ordinal.Operator/Ordinal.Operator.csproj -c Release -o /app

# No shell, no package manager, and its user is not root.
FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
WORKDIR /app
COPY --from=build /app ./
USER 65532:65532
EXPOSE 8080 8081
ENTRYPOINT ["/app/ordinal"]
CMD ["run", "--log-format", "json"]
