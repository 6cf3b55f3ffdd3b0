using System.Buffers;

namespace Ingestion.Embedding.Onnx.Tokens;

/// <summary>What a path through a word is made of.</summary>
internal interface IPieces
{
    /// <summary>The node after a letter, or <see cref="PieceTrie.None"/>. It begins at <see cref="PieceTrie.Root"/>.</summary>
    int Next(int node, char letter);

    /// <summary>Of the piece that ends at a node, or <see cref="PieceTrie.None"/>.</summary>
    int IdAt(int node);

    double ScoreOf(int id);

    /// <summary>Of a character that is no piece.</summary>
    int UnknownId { get; }

    double UnknownScore { get; }
}

/// <summary>Viterbi's: the pieces of the highest score in all. Each place looks ahead as far as the longest piece, no further.</summary>
internal static class BestPath
{
    /// <summary>Adds where each piece starts and which it is, the last one first.</summary>
    public static void Find<TPieces>(ReadOnlySpan<char> word, ref TPieces pieces, List<(int Start, int Id)> path) where TPieces : IPieces
    {
        var scores = ArrayPool<double>.Shared.Rent(word.Length + 1);
        var steps = ArrayPool<(int Start, int Id)>.Shared.Rent(word.Length + 1);
        steps.AsSpan(0, word.Length + 1).Fill((-1, PieceTrie.None));
        scores[0] = 0;
        for (var start = 0; start < word.Length;)
        {
            var width = start + 1 < word.Length && char.IsSurrogatePair(word[start], word[start + 1]) ? 2 : 1;
            var isPiece = false;
            var node = PieceTrie.Root;
            for (var end = start; end < word.Length && (node = pieces.Next(node, word[end])) != PieceTrie.None;)
            {
                end++;
                var id = pieces.IdAt(node);
                if (id == PieceTrie.None) continue;
                isPiece |= end - start == width;
                Offer(start, end, id, pieces.ScoreOf(id));
            }
            if (!isPiece) Offer(start, start + width, pieces.UnknownId, pieces.UnknownScore);
            start += width;
        }
        for (var end = word.Length; end > 0; end = steps[end].Start) path.Add(steps[end]);
        ArrayPool<double>.Shared.Return(scores);
        ArrayPool<(int, int)>.Shared.Return(steps);

        void Offer(int start, int end, int id, double score)
        {
            var sum = score + scores[start];
            // Of equals the first that was found stays.
            if (steps[end].Start >= 0 && sum <= scores[end]) return;
            (scores[end], steps[end]) = (sum, (start, id));
        }
    }
}
