using Ingestion;
using Ingestion.Documents;
using Ingestion.Http;
using Ingestion.Pipeline;
using Ingestion.Search;
using Ingestion.Store;
using Ingestion.Streaming;
using Ingestion.Tasks;
using Ingestion.Workers;

if (Startup.ReadSettings() is not { } settings) return 1;

var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
builder.AddWeb(settings);
builder.Services.AddStorage(settings);
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

if (!await app.JoinInstancesAsync()) return 1;
app.AnnounceStart(settings);
await app.RunAsync();
return Environment.ExitCode;
