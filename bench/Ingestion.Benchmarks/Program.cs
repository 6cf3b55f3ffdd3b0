using Ingestion.Benchmarks;

// One verb a study; each prints what it measured.
return args switch
{
    ["chunking", .. var rest] => await ChunkingBench.RunAsync(rest),
    ["service", .. var rest] => await ServiceBench.RunAsync(rest),
    ["quality", .. var rest] => await Quality.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Verbs: service [rounds], chunking, quality [folder] [-v]");
    return 2;
}
