using Ingestion.Benchmarks;

return args switch
{
    ["engine", .. var rest] => await EngineBench.RunAsync(rest),
    _ => throw new ArgumentException("Say what to measure: engine [folder] [rounds]."),
};
