using Ingestion.Benchmarks;

// One verb a study; each prints what it measured.
return args switch
{
    ["service", .. var rest] => await ServiceBench.RunAsync(rest),
    ["flood", .. var rest] => await FloodBench.RunAsync(rest),
    [FloodBench.ClientVerb, .. var rest] => await FloodBench.RunClientAsync(rest),
    ["soak", .. var rest] => await Soak.RunAsync(rest),
    ["sockets", .. var rest] => await SocketsBench.RunAsync(rest),
    ["engine", .. var rest] => await EngineBench.RunAsync(rest),
    ["store", .. var rest] => await StoreBench.RunAsync(rest),
    ["chunking", .. var rest] => await ChunkingBench.RunAsync(rest),
    ["retrieval", .. var rest] => await RetrievalBench.RunAsync(rest),
    ["host"] => await HostBench.RunAsync(),
    ["quality", .. var rest] => await Quality.RunAsync(rest),
    ["formats", .. var rest] => await FormatsBench.RunAsync(rest),
    ["mutations", .. var rest] => await Mutations.RunAsync(rest),
    [Mutations.ChildVerb, .. var rest] => await Mutations.RunChildAsync(rest),
    _ => Usage(),
};

static int Usage()
{
    Console.Error.WriteLine(
        "Verbs: service [rounds], flood [requests a minute] [a second], engine, soak [documents] [seconds], sockets [count], store, chunking, retrieval [tokens], "
        + "host, quality [folder] [-v], formats [folder], mutations [minutes] [seed]");
    return 2;
}
