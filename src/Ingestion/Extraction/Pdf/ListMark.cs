namespace Ingestion.Extraction.Pdf;

/// <summary>The bullet or number that a list item starts with.</summary>
internal readonly record struct ListMark(int Length, bool IsBullet)
{
    private const string Bullets = "•◦▪●○■□▫‣⁃∙·*➢➤❖✓✔☐☑☒–—-►▶◆◇»";

    /// <summary>Of length 0 where the line starts no item.</summary>
    public static ListMark Of(string line)
    {
        if (line.Length < 3) return default;
        if (line[1] == ' ' && (Bullets.Contains(line[0], StringComparison.Ordinal) || IsPrivate(line[0]))) return new ListMark(1, true);
        var i = line[0] == '(' ? 1 : 0;
        var start = i;
        while (i < line.Length && i - start < 3 && char.IsAsciiDigit(line[i])) i++;
        if (i == start && char.IsAsciiLetter(line[i])) i++;
        if (i == start || i + 1 >= line.Length || line[i] is not ('.' or ')') || line[i + 1] != ' ') return default;
        return new ListMark(i + 1, false);
    }

    // Symbol fonts put their bullets where Unicode has no meaning.
    private static bool IsPrivate(char c) => c is >= '\uE000' and <= '\uF8FF';
}
