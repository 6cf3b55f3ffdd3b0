using Ingestion.Benchmarks;

return args switch
{
    ["chunking", .. var rest] => await ChunkingBench.RunAsync(rest),
    _ => 1,
};
