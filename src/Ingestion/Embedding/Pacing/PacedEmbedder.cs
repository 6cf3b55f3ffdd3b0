namespace Ingestion.Embedding.Pacing;

/// <summary>
/// The one way to a provider that can refuse: in turn with all others who ask it, and again, alone, for what failed. What takes longer than
/// a moment is the task's to wait for, so that no worker is held.
/// </summary>
/// <param name="callTime">What one call may take at the most.</param>
public sealed class PacedEmbedder(IEmbedder provider, IEmbeddingPace pace, TimeProvider time, TimeSpan callTime) : IEmbedder, IDisposable
{
    /// <summary>Calls for the same texts, before the task is told.</summary>
    public const int MaxTries = 4;

    /// <summary>Calls for the same texts that are answered with nonsense: each may have been paid for.</summary>
    public const int MaxNonsense = 2;

    /// <summary>A worker waits for a pause of this length by itself.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan FirstWait = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(8);

    public string Name => provider.Name;

    public bool IsLocal => provider.IsLocal;

    public int MaxBatch => provider.MaxBatch;

    public int MaxBatchTokens => provider.MaxBatchTokens;

    public string ModelFor(string? requested) => provider.ModelFor(requested);

    public TextLimit? LimitOf(string model) => provider.LimitOf(model);

    public async Task<EmbeddingAnswer> EmbedAsync(EmbeddingBatch batch, CancellationToken cancel)
    {
        var lane = $"{provider.Name}:{batch.Model}";
        var nonsense = 0;
        for (var tries = 1; ; tries++)
        {
            var turn = await TurnAsync(lane, batch, cancel);
            var (end, pause) = (CallEnd.Other, TimeSpan.Zero);
            try
            {
                var answer = await provider.EmbedAsync(batch, cancel);
                end = CallEnd.Calm;
                return answer;
            }
            catch (EmbeddingException fault)
            {
                // Full jitter: those who failed together do not come back together.
                var ceiling = Math.Min(LongestWait.TotalSeconds, FirstWait.TotalSeconds * Math.Pow(2, tries));
                pause = fault.RetryAfter ?? TimeSpan.FromSeconds(ceiling * Random.Shared.NextDouble());
                if (fault.Transient) end = CallEnd.Busy;
                if (fault.Fault == EmbeddingFault.Nonsense) nonsense++;
                if (fault.Fault == EmbeddingFault.Refused || nonsense >= MaxNonsense || tries >= MaxTries) throw;
                if (fault.Fault == EmbeddingFault.Away)
                {
                    batch.Waits?.Invoke($"The embedding provider {Name} does not answer; it is asked again.");
                    await Task.Delay(pause, time, cancel);
                    pause = TimeSpan.Zero;
                }
            }
            finally
            {
                await pace.LeaveAsync(turn, end, end == CallEnd.Busy ? pause : TimeSpan.Zero);
            }
        }
    }

    public void Dispose() => (provider as IDisposable)?.Dispose();

    private async Task<PaceTurn> TurnAsync(string lane, EmbeddingBatch batch, CancellationToken cancel)
    {
        while (true)
        {
            var (turn, wait, isPause) = await pace.EnterAsync(lane, callTime + LongestWait * 2, cancel);
            if (turn is not null) return turn;
            if (isPause && wait > Patience)
            {
                throw new EmbeddingException(
                    $"The embedding provider {Name} takes no more calls for {Math.Ceiling(wait.TotalSeconds):0} s.", EmbeddingFault.Busy, wait);
            }
            if (isPause) batch.Waits?.Invoke($"The embedding provider {Name} asks for a pause of {Math.Ceiling(wait.TotalSeconds):0} s.");
            await Task.Delay(wait, time, cancel);
        }
    }
}
