using System.Globalization;
using Ingestion.Access;
using Ingestion.Chunking;
using Ingestion.Config;
using Ingestion.Documents;
using Ingestion.Embedding;
using Ingestion.Embedding.Cache;
using Ingestion.Embedding.Onnx;
using Ingestion.Embedding.Pacing;
using Ingestion.Embedding.Queries;
using Ingestion.Engines;
using Ingestion.Extraction.Host;
using Ingestion.Extraction.Ocr;
using Ingestion.Engines.Redis;
using Ingestion.Http;
using Ingestion.Inboxes;
using Ingestion.Pipeline;
using Ingestion.Postgres;
using Ingestion.Redis;
using Ingestion.Sources;
using Ingestion.Sqlite;
using Ingestion.Store;
using Ingestion.Store.Postgres;
using Ingestion.Streaming;
using Ingestion.Tasks;
using Ingestion.Webhooks;
using Ingestion.Workers;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using Scalar.AspNetCore;

namespace Ingestion;

/// <summary>Puts the parts together. What each line of <c>Program.cs</c> stands for.</summary>
internal static class Startup
{
    /// <summary>Null where something is wrong; then it has been said on the error stream.</summary>
    public static Settings? ReadSettings()
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.InvariantCulture;
        var (settings, problems, warnings) = SettingsReader.ReadProcess(
            Directory.GetCurrentDirectory(),
            CheckChunker, CheckModel, CheckProvider, CheckOnnx, CheckOcr, CheckKeys, CheckQuotas, RedisAddress.Check, PostgresAddress.Check);
        foreach (var warning in warnings) Console.Error.WriteLine("warning: " + warning);
        foreach (var problem in problems) Console.Error.WriteLine("error: " + problem);
        if (problems.Count > 0) Console.Error.WriteLine("The service did not start. Every setting is explained in docs/configuration.md.");
        return settings;
    }

    public static void AddWeb(this WebApplicationBuilder builder, Settings settings)
    {
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Use(ServerRefusals.Explain));
            var limits = kestrel.Limits;
            // Routes that take documents set their own limit; nothing else needs more.
            limits.MaxRequestBodySize = 4 * 1024 * 1024;
            // A socket's address has its token in it.
            limits.MaxRequestLineSize = 32 * 1024;
            limits.MaxRequestHeaderCount = 64;
            limits.MaxRequestHeadersTotalSize = 32 * 1024;
            // Who sends a byte now and then holds a connection for little, and is let go soon.
            limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
            limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 500, gracePeriod: TimeSpan.FromSeconds(5));
            limits.MaxConcurrentConnections = 10_000;
            limits.MaxConcurrentUpgradedConnections = 5_000;
        });
        builder.WebHost.UseUrls($"http://{HostInUrl(settings.EffectiveHost)}:{settings.Port}");
        builder.WebHost.UseStaticWebAssets();
        builder.Logging.SetMinimumLevel(settings.Debug ? LogLevel.Debug : LogLevel.Information);
        builder.Logging.AddFilter("Microsoft", settings.Debug ? LogLevel.Information : LogLevel.Warning);
        // It writes whole addresses, and the address of a socket has its token.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting", LogLevel.Warning);
        builder.Logging.AddFilter("System.Net.Http", LogLevel.Warning);
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ ";
        });
        builder.Services.AddSingleton(settings).AddSingleton(TimeProvider.System);
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy =>
        {
            if (settings.CorsOrigins.Contains("*")) policy.AllowAnyOrigin();
            else policy.WithOrigins([.. settings.CorsOrigins]);
            policy.AllowAnyHeader().AllowAnyMethod().WithExposedHeaders("Location", "Retry-After");
        }));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = WorkerPool.SoftStop + WorkerPool.HardStop + TimeSpan.FromSeconds(5));
    }

    public static void AddStorage(this IServiceCollection services, Settings settings)
    {
        var quotas = new TenantQuotas(settings);
        var options = new EngineOptions
        {
            Retention = settings.TaskRetention,
            MaxQueueDepth = settings.MaxQueueDepth,
            TenantLimits = quotas.TaskLimitsOf,
        };
        services.AddSingleton(quotas);
        services.AddSingleton(new OpenStreams(tenant => quotas.Of(tenant).OpenStreams is > 0 and var open ? open : int.MaxValue));
        services.AddSingleton(options);
        services.AddSingleton(_ => new SqliteDatabase(Path.Combine(settings.DataDir, "ingestion.db")));
        if (PostgresAddress.Read(settings) is { } postgres)
        {
            services.AddSingleton(_ => new PostgresDatabase(postgres, PostgresStore.Schema));
            services.AddSingleton<IChunkStore>(parts => new PostgresStore(
                parts.GetRequiredService<PostgresDatabase>(), parts.GetRequiredService<TimeProvider>(), settings.KeepVersions,
                log: parts.GetRequiredService<ILogger<PostgresStore>>()));
            services.AddSingleton<IEmbeddingCache>(parts => new PostgresEmbeddingCache(
                parts.GetRequiredService<PostgresDatabase>(), parts.GetRequiredService<TimeProvider>(), settings.EmbeddingCacheSize, settings.EmbeddingCacheAge));
        }
        else
        {
            services.AddSingleton<IEmbeddingCache>(parts => new SqliteEmbeddingCache(
                parts.GetRequiredService<SqliteDatabase>(), parts.GetRequiredService<TimeProvider>(), settings.EmbeddingCacheSize, settings.EmbeddingCacheAge));
            services.AddSingleton(parts => new SqliteStore(
                parts.GetRequiredService<SqliteDatabase>(), parts.GetRequiredService<TimeProvider>(), keepVersions: settings.KeepVersions));
            services.AddSingleton<IChunkStore>(parts => parts.GetRequiredService<SqliteStore>());
        }
        if (RedisAddress.Read(settings) is { } redis)
        {
            services.AddSingleton(_ => new RedisConnection(redis) { IsHeld = true }).AddHostedService<RedisWatch>();
            services.AddSingleton<InstanceRegistry>().AddHostedService(parts => parts.GetRequiredService<InstanceRegistry>());
            services.AddSingleton<ITaskEngine>(parts => new RedisEngine(
                parts.GetRequiredService<RedisConnection>(), options, parts.GetRequiredService<TimeProvider>(), settings.RedisShards));
            services.AddSingleton<IRequestCounter, RedisRequestCounter>().AddSingleton<IEmbeddingPace, RedisPace>();
        }
        else
        {
            services.AddSingleton(parts => new SqliteEngine(parts.GetRequiredService<SqliteDatabase>(), options, parts.GetRequiredService<TimeProvider>()));
            services.AddSingleton<ITaskEngine>(parts => parts.GetRequiredService<SqliteEngine>());
            if (settings.DatabaseUrl is null) services.AddSingleton<IOneWrite, SqliteOneWrite>().AddSingleton<ShortWay>();
            services.AddSingleton<IRequestCounter, SqliteRequestCounter>().AddSingleton<IEmbeddingPace, ProcessPace>();
        }
        services.AddSingleton<UploadStore>(_ =>
            settings.FileStore is { } address ? new S3Uploads(address, settings.S3Endpoint) : new FolderUploads(settings.DataDir));
    }

    public static void AddAccess(this IServiceCollection services)
    {
        services.AddSingleton<Authenticator>().AddSingleton<RequestQuota>().AddSingleton<StoredQuota>();
    }

    public static void AddDocuments(this IServiceCollection services) =>
        services.AddSingleton<DocumentBody>().AddSingleton<DocumentIntake>().AddSingleton<DocumentPlan>();

    public static void AddPipeline(this IServiceCollection services)
    {
        services.AddSingleton(parts => Embedders.Create(
            parts.GetRequiredService<Settings>(), parts.GetRequiredService<IEmbeddingPace>(), parts.GetRequiredService<TimeProvider>()));
        services.AddSingleton(parts =>
        {
            var settings = parts.GetRequiredService<Settings>();
            return new GuardedHttp(settings.UrlAllowPrivate, settings.UrlAllowedHosts);
        });
        services.AddSingleton(parts => new UrlFetcher(
            parts.GetRequiredService<GuardedHttp>(), parts.GetRequiredService<UploadStore>(), parts.GetRequiredService<Settings>().Version));
        services.AddSingleton(parts =>
        {
            var settings = parts.GetRequiredService<Settings>();
            return new ReaderHost(new ReaderHostOptions
            {
                // One more than there are workers: a plan need not wait for them.
                MaxProcesses = settings.WorkerCount + 1,
                Timeout = settings.ExtractionTimeout,
                MemoryMegabytes = settings.ExtractionMemoryMb,
            });
        });
        services.AddSingleton<WaitingQueries>().AddSingleton<QueryEmbedder>();
        services.AddSingleton<QueryAnswers>().AddHostedService(parts => parts.GetRequiredService<QueryAnswers>());
        services.AddSingleton<DocumentPreparation>().AddSingleton<ChunkEmbedding>().AddSingleton<IngestionPipeline>().AddSingleton<EmbeddingCallbacks>();
    }

    public static void AddStreaming(this IServiceCollection services) =>
        services.AddSingleton<EventDispatcher>().AddHostedService(parts => parts.GetRequiredService<EventDispatcher>());

    public static void AddWorkers(this IServiceCollection services)
    {
        services.AddSingleton<Leftovers>();
        // Hosted services stop in the opposite order: the pool first, then what keeps its leases.
        services.AddSingleton<LeaseKeeper>().AddHostedService(parts => parts.GetRequiredService<LeaseKeeper>());
        services.AddHostedService<Housekeeper>();
        services.AddSingleton<IWebhookOutbox>(parts => (IWebhookOutbox)parts.GetRequiredService<ITaskEngine>());
        services.AddSingleton<WebhookSender>().AddHostedService(parts => parts.GetRequiredService<WebhookSender>());
        services.AddSingleton<WorkerPool>().AddHostedService(parts => parts.GetRequiredService<WorkerPool>());
    }

    /// <summary>The lists of other services, where there is a Redis to have them.</summary>
    public static void AddInboxes(this IServiceCollection services, Settings settings)
    {
        if (RedisAddress.Read(settings) is null) return;
        services.AddSingleton<IActionHandler, DocumentActions>().AddSingleton<IActionHandler, CallbackActions>().AddSingleton<IActionHandler, TaskActions>();
        services.AddSingleton<InboxReader>().AddHostedService(parts => parts.GetRequiredService<InboxReader>());
    }

    public static void AddReference(this IServiceCollection services)
    {
        services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.PropertyNamingPolicy = System.Text.Json.JsonNamingPolicy.SnakeCaseLower;
            json.SerializerOptions.NumberHandling = System.Text.Json.Serialization.JsonNumberHandling.AllowReadingFromString;
        });
        services.AddOpenApi("v1", openApi =>
        {
            openApi.OpenApiVersion = Microsoft.OpenApi.OpenApiSpecVersion.OpenApi3_1;
            openApi.AddDocumentTransformer((document, _, _) =>
            {
                document.Info = new() { Title = "Ingestion", Version = "v1", Description = "Turns documents into searchable chunks and shows every step." };
                document.Servers = [];
                document.Components ??= new();
                document.Components.SecuritySchemes ??= new Dictionary<string, Microsoft.OpenApi.IOpenApiSecurityScheme>();
                document.Components.SecuritySchemes["bearer"] = new Microsoft.OpenApi.OpenApiSecurityScheme
                {
                    Type = Microsoft.OpenApi.SecuritySchemeType.Http, Scheme = "bearer", Description = "A key or a token, where the service asks for one.",
                };
                document.Security = [new() { [new("bearer", document)] = [] }];
                return Task.CompletedTask;
            });
            openApi.AddOperationTransformer(ReferenceParameters.AddAsync);
        });
    }

    public static void AddTelemetry(this IServiceCollection services)
    {
        services.AddHostedService<TaskMetrics>();
        services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("ingestion")).WithMetrics(metrics => metrics
            .AddMeter(TaskMetrics.MeterName, "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Runtime")
            .AddPrometheusExporter());
    }

    public static void UseWeb(this WebApplication app, Settings settings)
    {
        app.UseMiddleware<ErrorBoundary>();
        app.UseMiddleware<SecurityHeaders>();
        app.UseDefaultFiles();
        // The modules of one version belong together; with their ETags asking costs next to nothing.
        app.UseStaticFiles(new StaticFileOptions { OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = "no-cache" });
        app.UseMiddleware<HeadRequests>();
        app.UseRouting();
        if (settings.CorsOrigins.Count > 0) app.UseCors();
        app.UseWebSockets();
        app.UseMiddleware<Gate>();
    }

    /// <summary>A route that does not say who may use it is a mistake of ours: better found at start than by somebody else.</summary>
    public static void CheckRoutes(this WebApplication app)
    {
        foreach (var route in Routes(app))
            if (route.Metadata.GetMetadata<RouteAccess>() is null)
                throw new InvalidOperationException($"{route.RoutePattern.RawText} does not say what it needs.");
    }

    /// <summary>Method, pattern, scope and whether it acts for a tenant, a line each.</summary>
    public static void ListRoutes(this WebApplication app, TextWriter output)
    {
        foreach (var route in Routes(app))
        {
            var access = route.Metadata.GetRequiredMetadata<RouteAccess>();
            var methods = route.Metadata.GetMetadata<IHttpMethodMetadata>()?.HttpMethods is { Count: > 0 } some ? string.Join(',', some) : "*";
            var scope = access.Needed == Scopes.None ? "open" : access.Needed.Wire();
            output.WriteLine($"{methods} {route.RoutePattern.RawText} {scope} {(access.OfTenant ? "tenant" : "service")}");
        }
    }

    private static IEnumerable<RouteEndpoint> Routes(IEndpointRouteBuilder app) =>
        app.DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    public static void MapReference(this WebApplication app)
    {
        app.MapOpenApi("/openapi/{documentName}.json").IsOpen();
        app.MapScalarApiReference("/docs", scalar => scalar.WithTitle("Ingestion").DisableDefaultFonts().WithOpenApiRoutePattern("/openapi/v1.json"))
            .IsOpen();
        app.MapPrometheusScrapingEndpoint("/metrics").NeedsAdmin();
    }

    public static void AnnounceStart(this WebApplication app, Settings settings) => app.Lifetime.ApplicationStarted.Register(() =>
    {
        var address = $"http://{HostInUrl(settings.EffectiveHost is "0.0.0.0" or "::" ? "localhost" : settings.EffectiveHost)}:{settings.Port}";
        Console.WriteLine($"""

            Ingestion {settings.Version} is ready.
              Page       {address}/
              Reference  {address}/docs
              Health     {address}/health
              Data       {Path.GetFullPath(settings.DataDir)}
            """);
        if (settings.WorkerCount > 0 && settings.AutoStartWorkers) app.Services.GetRequiredService<ReaderHost>().Prestart();
        if (settings is { HasAuthentication: false, AuthDisabled: true })
            Console.WriteLine("  Authentication is off (AUTH_DISABLED): whoever reaches it may do everything.");
        if (!settings.HasAuthentication && !settings.AuthDisabled && settings.Host is not ("127.0.0.1" or "localhost" or "::1"))
            Console.WriteLine("  No authentication is configured, so it listens on this machine alone. AUTH_DISABLED=true opens it to the network.");
        Console.WriteLine();
    });

    private static string? CheckChunker(Settings settings) => Chunkers.Find(settings.Chunker) is not null
        ? null : $"CHUNKER={settings.Chunker}: must be one of {string.Join(", ", Chunkers.Names)}";

    private static string? CheckModel(Settings settings) => TokenCounters.TryForModel(settings.ChunkModel, out _)
        ? null : $"CHUNK_MODEL={settings.ChunkModel}: must be one of {string.Join(", ", TokenCounters.KnownModels)}";

    private static string? CheckKeys(Settings settings)
    {
        ApiKeys.Parse(settings.ApiKeys, out var problem);
        return problem is null ? null : "API_KEYS=***: " + problem;
    }

    private static string? CheckQuotas(Settings settings)
    {
        try
        {
            _ = new TenantQuotas(settings);
            return null;
        }
        catch (InvalidDataException fault)
        {
            return $"TENANT_LIMITS_FILE={settings.TenantLimitsFile}: {fault.Message}";
        }
    }

    private static string? CheckProvider(Settings settings) => Embedders.Names.Contains(settings.EmbeddingProvider)
        ? null : $"EMBEDDING_PROVIDER={settings.EmbeddingProvider}: must be one of {string.Join(", ", Embedders.Names)}";

    private static string? CheckOnnx(Settings settings) =>
        settings.EmbeddingProvider == "onnx" && OnnxGenerator.Check(settings.OnnxModelDir!) is { } obstacle
            ? $"ONNX_MODEL_DIR={settings.OnnxModelDir}: the folder {obstacle}"
            : null;

    private static string? CheckOcr(Settings settings) =>
        settings.Ocr != "off" && Tesseract.FindObstacleAsync(settings.OcrLanguages).GetAwaiter().GetResult() is { } obstacle
            ? $"OCR={settings.Ocr} with OCR_LANGUAGES={settings.OcrLanguages}: {obstacle}; or set OCR=off"
            : null;

    private static string HostInUrl(string host) => host.Contains(':', StringComparison.Ordinal) ? $"[{host}]" : host;
}
