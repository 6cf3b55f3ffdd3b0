using System.Numerics;
using Ingestion.Text;
using Microsoft.Extensions.AI;

namespace Ingestion.Embedding;

/// <summary>
/// The built-in model: hashed words and character n-grams, sublinear term frequency, L2 norm. It is <b>lexical, not semantic</b>: texts are
/// alike where they share words or parts of words ("factura", "facturación"), whatever case and accents; a synonym or a translation is as
/// far away as any other text. It needs no network and no files, and gives the same numbers on every machine.
/// A text without letters or digits gives the zero vector.
/// </summary>
public sealed class LocalEmbedder : IEmbeddingGenerator<string, Embedding<float>>
{
    public const string Model = "local-lexical-384";
    public const int Dimensions = 384;

    private const int GramBuckets = 1 << 16;
    private const int WordBuckets = 1 << 15;
    private const int StopBuckets = 1 << 8;
    private const float GramWeight = 0.3f;
    private const float WordWeight = 1f;
    private const float StopWeight = 0.1f;
    private const int ShortestGram = 3;
    private const int LongestGram = 5;

    private static readonly EmbeddingGeneratorMetadata Metadata = new("local", null, Model, Dimensions);

    public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(
        IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var answer = new GeneratedEmbeddings<Embedding<float>>();
        foreach (var text in values)
        {
            if (cancellationToken.IsCancellationRequested)
                return Task.FromCanceled<GeneratedEmbeddings<Embedding<float>>>(cancellationToken);
            answer.Add(new Embedding<float>(Embed(text)) { ModelId = Model });
        }
        return Task.FromResult(answer);
    }

    public object? GetService(Type serviceType, object? serviceKey = null) =>
        serviceKey is not null ? null
        : serviceType == typeof(EmbeddingGeneratorMetadata) ? Metadata
        : serviceType.IsInstanceOfType(this) ? this
        : null;

    public void Dispose()
    {
    }

    /// <summary>A vector of <see cref="Dimensions"/> numbers and length 1 (or 0).</summary>
    public static float[] Embed(ReadOnlySpan<char> text)
    {
        var features = Features.ForThisThread;
        Span<char> buffer = stackalloc char[FoldedWords.MaxLength + 2];
        buffer[0] = '<';
        var words = new FoldedWords(text, buffer[1..]);
        while (words.MoveNext())
        {
            var word = words.Current;
            if (StopWords.Contains(word))
            {
                features.Add(GramBuckets + WordBuckets + (int)(Hash(word) >> 24));
                continue;
            }
            features.Add(GramBuckets + (int)(Hash(word) >> 17));
            buffer[word.Length + 1] = '>';
            AddGrams(features, buffer[..(word.Length + 2)]);
        }
        return features.Drain();
    }

    /// <summary>Every slice of three to five characters of the word between its marks.</summary>
    private static void AddGrams(Features features, ReadOnlySpan<char> marked)
    {
        for (var start = 0; start + ShortestGram <= marked.Length; start++)
        {
            var end = Math.Min(start + LongestGram, marked.Length);
            var hash = Seed;
            for (var at = start; at < end; at++)
            {
                hash = (hash ^ marked[at]) * Prime;
                if (at - start >= ShortestGram - 1) features.Add((int)(Mix(hash) >> 16));
            }
        }
    }

    private const uint Seed = 2166136261;
    private const uint Prime = 16777619;

    private static uint Hash(ReadOnlySpan<char> word)
    {
        var hash = Seed;
        foreach (var character in word) hash = (hash ^ character) * Prime;
        return Mix(hash);
    }

    private static uint Mix(uint hash)
    {
        hash = (hash ^ (hash >> 15)) * 0x85EBCA6Bu;
        return hash ^ (hash >> 13);
    }

    /// <summary>How often each hashed feature occurs in a text. One a thread: a text costs no clearing and no memory of its own.</summary>
    private sealed class Features
    {
        [ThreadStatic]
        private static Features? _own;

        private readonly int[] _counts = new int[GramBuckets + WordBuckets + StopBuckets];
        private readonly int[] _seen = new int[GramBuckets + WordBuckets + StopBuckets];
        private int _seenCount;

        public static Features ForThisThread => _own ??= new Features();

        public void Add(int feature)
        {
            if (_counts[feature]++ == 0) _seen[_seenCount++] = feature;
        }

        /// <summary>The vector; the counts are empty after it. Sums run in one fixed order: no processor rounds otherwise.</summary>
        public float[] Drain()
        {
            var vector = new float[Dimensions];
            foreach (var feature in _seen.AsSpan(0, _seenCount))
            {
                var weight = feature < GramBuckets ? GramWeight : feature < GramBuckets + WordBuckets ? WordWeight : StopWeight;
                var place = Mix((uint)feature * 0x9E3779B1u + 1);
                var value = weight * Sublinear(_counts[feature]);
                vector[(int)(((ulong)(place >> 1) * Dimensions) >> 31)] += (place & 1) == 0 ? value : -value;
                _counts[feature] = 0;
            }
            _seenCount = 0;
            Normalise(vector);
            return vector;
        }

        /// <summary>1 + log2(count) / 2, straight between powers of two: a library's logarithm may differ in its last bit.</summary>
        private static float Sublinear(int count)
        {
            var power = BitOperations.Log2((uint)count);
            return 1 + 0.5f * (power + (count - (1 << power)) / (float)(1 << power));
        }

        private static void Normalise(float[] vector)
        {
            var squares = 0.0;
            foreach (var value in vector) squares += (double)value * value;
            if (squares == 0) return;
            var length = Math.Sqrt(squares);
            for (var i = 0; i < vector.Length; i++) vector[i] = (float)(vector[i] / length);
        }
    }
}
