using Ingestion;
using Ingestion.Access;
using Ingestion.Documents;
using Ingestion.Extraction.Host;
using Ingestion.Http;
using Ingestion.Pipeline;
using Ingestion.Search;
using Ingestion.Store;
using Ingestion.Streaming;
using Ingestion.Tasks;
using Ingestion.Workers;

if (args is [ReaderChild.Verb, var megabytes]) return ReaderChild.Run(megabytes);
if (Startup.ReadSettings() is not { } settings) return 1;
if (args is [var verb, ..] && AccessVerbs.Has(verb)) return AccessVerbs.Run(args, settings, Console.Out, Console.Error, TimeProvider.System);

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddWeb(settings);
builder.Services.AddStorage(settings);
builder.Services.AddAccess();
builder.Services.AddDocuments();
builder.Services.AddPipeline();
builder.Services.AddStreaming();
builder.Services.AddInboxes(settings);
builder.Services.AddWorkers();
builder.Services.AddReference();
builder.Services.AddTelemetry();

var app = builder.Build();
app.UseWeb(settings);
app.MapHealth();
app.MapTaskSocket();
app.MapReference();

var api = app.MapGroup("/api/v1");
api.MapDocuments();
api.MapTasks();
api.MapTaskEvents();
api.MapCollections();
api.MapSearch();
api.MapEmbeddingCallback();

app.CheckRoutes();
if (args is ["routes"])
{
    app.ListRoutes(Console.Out);
    return 0;
}

if (!StartChecks.CanListen(settings) || !app.OpenData(settings) || !await app.OpenStoreAsync() || !await app.JoinInstancesAsync()) return 1;
app.AnnounceStart(settings);
await app.RunAsync();
return Environment.ExitCode;
