namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Divides texts as the model was taught to. Safe to share between threads.</summary>
internal abstract class ModelTokenizer
{
    /// <summary>Tokens that say where a text begins and ends.</summary>
    public abstract int Around { get; }

    /// <summary>What fills the shorter rows of a batch; the model is told not to look at it.</summary>
    public abstract int PaddingId { get; }

    /// <summary>The text's tokens with those around it.</summary>
    public abstract IReadOnlyList<int> Encode(string text);

    /// <summary>The text's tokens without those around it.</summary>
    public abstract int Count(ReadOnlySpan<char> text);
}
