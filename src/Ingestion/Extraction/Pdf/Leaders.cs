using System.Text;

namespace Ingestion.Extraction.Pdf;

/// <summary>The dots that lead the eye from a title to its page number: a hundred characters that say nothing.</summary>
internal static class Leaders
{
    private const int Shortest = 5;

    public static bool In(string line) => line.Contains(" … ", StringComparison.Ordinal);

    public static string Shorten(string line)
    {
        if (!line.Contains("...", StringComparison.Ordinal) && !line.Contains(". . .", StringComparison.Ordinal)
            && !line.Contains("⋯⋯", StringComparison.Ordinal) && !line.Contains("……", StringComparison.Ordinal))
            return line;
        var text = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length;)
        {
            var end = i;
            var dots = 0;
            for (; end < line.Length && (line[end] is '.' or '⋯' or '…' || (line[end] == ' ' && dots > 0)); end++)
            {
                if (line[end] != ' ') dots++;
            }
            if (dots < Shortest)
            {
                text.Append(line[i++]);
                continue;
            }
            if (text.Length > 0 && text[^1] != ' ') text.Append(' ');
            text.Append('…');
            if (end < line.Length) text.Append(' ');
            i = end;
        }
        return text.ToString();
    }
}
