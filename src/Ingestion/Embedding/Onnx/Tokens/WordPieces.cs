using Microsoft.ML.Tokenizers;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>The tokenizer of BERT and its kin.</summary>
internal sealed class WordPieces(BertTokenizer tokenizer) : ModelTokenizer
{
    public override int Around => 2;

    public override int PaddingId => tokenizer.PaddingTokenId;

    public override IReadOnlyList<int> Encode(string text) => tokenizer.EncodeToIds(text, addSpecialTokens: true);

    public override int Count(ReadOnlySpan<char> text) => tokenizer.EncodeToIds(text, addSpecialTokens: false).Count;
}
