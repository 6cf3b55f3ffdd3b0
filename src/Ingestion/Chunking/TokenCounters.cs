using System.Diagnostics.CodeAnalysis;
using Ingestion.Chunking.Tokens;

namespace Ingestion.Chunking;

/// <summary>The encodings that we count, each loaded once, when it is first asked for.</summary>
public static class TokenCounters
{
    private const string EndOfText = "<|endoftext|>";
    private const string EndOfPrompt = "<|endofprompt|>";

    private static readonly Lazy<TokenCounter> Cl100k = new(() => new BytePairCounter<Cl100kPattern>(
        "cl100k_base",
        Vocabulary.Load("Microsoft.ML.Tokenizers.Data.Cl100kBase", "cl100k_base.tiktoken.deflate"),
        [EndOfText, "<|fim_prefix|>", "<|fim_middle|>", "<|fim_suffix|>", EndOfPrompt]));

    private static readonly Lazy<TokenCounter> O200k = new(() => new BytePairCounter<O200kPattern>(
        "o200k_base",
        Vocabulary.Load("Microsoft.ML.Tokenizers.Data.O200kBase", "o200k_base.tiktoken.deflate"),
        [EndOfText, EndOfPrompt]));

    // A name here also stands for its dated and sized variants: "gpt-4" for "gpt-4-0613", "gpt-4o" for "gpt-4o-mini".
    private static readonly (string Name, Lazy<TokenCounter> Counter)[] Models =
    [
        ("text-embedding-3-large", Cl100k),
        ("text-embedding-3-small", Cl100k),
        ("text-embedding-ada-002", Cl100k),
        ("gpt-3.5-turbo", Cl100k),
        ("gpt-35-turbo", Cl100k),
        ("gpt-4", Cl100k),
        ("gpt-4o", O200k),
        ("chatgpt-4o", O200k),
        ("gpt-4.1", O200k),
        ("gpt-4.5", O200k),
        ("gpt-5", O200k),
        ("o1", O200k),
        ("o3", O200k),
        ("o4-mini", O200k),
        ("cl100k_base", Cl100k),
        ("o200k_base", O200k),
    ];

    public static TokenCounter Cl100kBase => Cl100k.Value;

    public static TokenCounter O200kBase => O200k.Value;

    /// <summary>The model and encoding names that <see cref="ForModel"/> knows.</summary>
    public static IReadOnlyList<string> KnownModels { get; } = [.. Models.Select(model => model.Name)];

    /// <summary>The counter of a model or encoding.</summary>
    /// <exception cref="ArgumentException">The name is not known; the message lists those that are.</exception>
    public static TokenCounter ForModel(string name) => TryForModel(name, out var counter)
        ? counter
        : throw new ArgumentException(
            $"No tokenizer is known for the model '{name}'. Use one of: {string.Join(", ", KnownModels)}.", nameof(name));

    public static bool TryForModel(string name, [NotNullWhen(true)] out TokenCounter? counter)
    {
        counter = null;
        foreach (var model in Models)
        {
            if (name.StartsWith(model.Name, StringComparison.OrdinalIgnoreCase)
                && (name.Length == model.Name.Length || name[model.Name.Length] == '-'))
            {
                counter = model.Counter.Value;
                return true;
            }
        }
        return false;
    }
}
