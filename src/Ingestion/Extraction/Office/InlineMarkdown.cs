using System.Buffers;
using System.Text;

namespace Ingestion.Extraction.Office;

[Flags]
internal enum Emphasis
{
    None = 0,
    Bold = 1,
    Italic = 2,
    Strike = 4,
}

/// <summary>
/// Builds the inline Markdown of one paragraph from runs. Neighbours of one emphasis share its marks, and marks never enclose
/// white space at their edges, where Markdown would not see them.
/// </summary>
internal sealed class InlineMarkdown
{
    private static readonly SearchValues<char> Exponent = SearchValues.Create("0123456789+-n");
    private static readonly SearchValues<char> NotInAddress = SearchValues.Create(" ()<>\n");

    private readonly StringBuilder _text = new();
    private readonly StringBuilder _run = new();
    private readonly StringBuilder _plain = new();
    private Emphasis _emphasis;
    private int _linkStart = -1;

    public bool IsEmpty => _text.Length == 0 && _run.Length == 0;

    /// <summary>The same text without any mark.</summary>
    public string Plain => _plain.ToString();

    public void Append(string text, Emphasis emphasis = Emphasis.None)
    {
        if (text.Length == 0) return;
        if (emphasis != _emphasis)
        {
            EndRun();
            _emphasis = emphasis;
        }
        _run.Append(text);
        _plain.Append(text);
    }

    /// <summary>Whether small raised text is an exponent, which would change the number or name before it if it followed at once.</summary>
    public bool IsPower(string text) =>
        text.Length is > 0 and <= 3 && text.AsSpan().IndexOfAnyExcept(Exponent) < 0 && _plain.Length > 0 && char.IsLetterOrDigit(_plain[^1]);

    /// <summary>Links do not nest: one that starts inside another is only text.</summary>
    public bool StartLink()
    {
        if (_linkStart >= 0) return false;
        EndRun();
        _linkStart = _text.Length;
        return true;
    }

    /// <param name="address">Null leaves the text without a link.</param>
    public void EndLink(string? address)
    {
        EndRun();
        var start = _linkStart;
        _linkStart = -1;
        if (string.IsNullOrWhiteSpace(address) || start < 0) return;
        var end = _text.Length;
        while (start < end && char.IsWhiteSpace(_text[start])) start++;
        while (end > start && char.IsWhiteSpace(_text[end - 1])) end--;
        if (start == end) return;
        address = MarkdownWriter.Clean(address).Trim();
        if (address.AsSpan().ContainsAny(NotInAddress))
        {
            address = address.Replace("<", "%3C", StringComparison.Ordinal).Replace(">", "%3E", StringComparison.Ordinal);
            address = $"<{address.ReplaceLineEndings("")}>";
        }
        _text.Insert(end, $"]({address})").Insert(start, '[');
    }

    public string ToMarkdown()
    {
        if (_linkStart >= 0) EndLink(null);
        EndRun();
        return _text.ToString();
    }

    private void EndRun()
    {
        if (_run.Length == 0) return;
        int start = 0, end = _run.Length;
        if (_emphasis != Emphasis.None)
        {
            while (start < end && char.IsWhiteSpace(_run[start])) start++;
            while (end > start && char.IsWhiteSpace(_run[end - 1])) end--;
        }
        if (_emphasis == Emphasis.None || start == end)
        {
            _text.Append(_run);
        }
        else
        {
            var mark = (_emphasis.HasFlag(Emphasis.Strike) ? "~~" : "") + (_emphasis.HasFlag(Emphasis.Bold) ? "**" : "")
                + (_emphasis.HasFlag(Emphasis.Italic) ? "*" : "");
            _text.Append(_run, 0, start).Append(mark).Append(_run, start, end - start);
            for (var i = mark.Length - 1; i >= 0; i--) _text.Append(mark[i]);
            _text.Append(_run, end, _run.Length - end);
        }
        _run.Clear();
    }
}
