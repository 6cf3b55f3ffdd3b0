using Ingestion.Chunking;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>Counts as the model sees a text, without the tokens that stand around it.</summary>
internal sealed class ModelTokenCounter(string model, ModelTokenizer tokenizer) : TokenCounter
{
    public override string Encoding => model;

    public override int CountUpTo(ReadOnlySpan<char> text, int limit) => tokenizer.Count(text);
}
