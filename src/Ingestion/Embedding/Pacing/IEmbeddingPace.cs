namespace Ingestion.Embedding.Pacing;

/// <summary>
/// How many calls a provider takes at once, and from when: learnt from its answers, and shared by all who ask it. More at once while it
/// answers, half as many when it has too much to do, none at all until the time that it names.
/// </summary>
public interface IEmbeddingPace
{
    /// <param name="lane">Calls of one lane share a pace: a provider and its model.</param>
    /// <param name="longest">A turn that is not given back within this time is taken back.</param>
    ValueTask<PaceAnswer> EnterAsync(string lane, TimeSpan longest, CancellationToken cancel);

    /// <summary>Gives a turn back, with what the call has told.</summary>
    /// <param name="pause">With <see cref="CallEnd.Busy"/>: how long nobody is to ask.</param>
    ValueTask LeaveAsync(PaceTurn turn, CallEnd end, TimeSpan pause);
}

public enum CallEnd
{
    /// <summary>It was answered.</summary>
    Calm,

    /// <summary>The provider has too much to do, or does not answer.</summary>
    Busy,

    /// <summary>It says nothing about the pace.</summary>
    Other,
}

/// <param name="Turn">Null: wait, and ask again.</param>
/// <param name="Wait">How long, where there is no turn.</param>
/// <param name="IsPause">The provider has asked for the wait; otherwise others have their turn.</param>
public readonly record struct PaceAnswer(PaceTurn? Turn, TimeSpan Wait, bool IsPause);

/// <param name="Began">Milliseconds of the pace's own clock.</param>
public sealed record PaceTurn(string Lane, string Id, long Began);

/// <summary>The figures that every implementation keeps to.</summary>
public static class PaceRules
{
    /// <summary>Calls at once, to begin with.</summary>
    public const int Start = 4;

    public const int Most = 64;

    /// <summary>Before one looks again whether others have given their turn back.</summary>
    public static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public static readonly TimeSpan LongestPause = TimeSpan.FromHours(1);
}
