using Ingestion.Benchmarks;

// One verb a study; each prints what it measured.
return args switch
{
    ["chunking", .. var rest] => await ChunkingBench.RunAsync(rest),
    ["quality", .. var rest] => await Quality.RunAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine("Verbs: chunking, quality [folder] [-v]");
    return 2;
}
