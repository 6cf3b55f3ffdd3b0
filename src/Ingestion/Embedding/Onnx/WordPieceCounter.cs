using Ingestion.Chunking;
using Microsoft.ML.Tokenizers;

namespace Ingestion.Embedding.Onnx;

/// <summary>Counts as the model sees a text, without the two tokens that stand around it.</summary>
internal sealed class WordPieceCounter(string model, BertTokenizer tokenizer) : TokenCounter
{
    public override string Encoding => model;

    public override int CountUpTo(ReadOnlySpan<char> text, int limit) => tokenizer.EncodeToIds(text, addSpecialTokens: false).Count;
}
